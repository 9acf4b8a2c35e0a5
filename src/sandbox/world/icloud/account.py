"""An Apple ID with calendars: what a person is at iCloud, and the switches of it."""

from dataclasses import dataclass, field
from typing import Literal

Partition = Literal[37, 143]
AccountState = Literal["active", "locked", "without_calendars"]
Front = Literal["serves", "redirects", "refuses"]
HomeForm = Literal["with_port", "path", "without_slash"]


@dataclass(slots=True, kw_only=True)
class ICloudAccount:
    """`number` is the identity, the same for ever. `passwords` are the app-specific ones in force, each with its label.

    They are made with `two_factor` only; the Apple ID's own password opens no calendars. A "locked" account is
    answered 403 to everything; the principal of one "without_calendars" names no home. Its calendars live on one
    `partition`; what the `front` does with them is a switch. They are below a path named `home`, which the principal
    names in a `home_form`. It is invited under its `addresses`.
    """

    number: str
    apple_id_password: str = field(default="Correct-Horse-7", repr=False)
    two_factor: bool = True
    passwords: dict[str, str] = field(default_factory=dict, repr=False)
    state: AccountState = "active"
    partition: Partition = 37
    front: Front = "serves"
    home: str = "calendars"
    home_form: HomeForm = "with_port"
    addresses: list[str] = field(default_factory=list)
