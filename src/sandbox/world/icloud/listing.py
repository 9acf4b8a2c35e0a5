"""How one calendar stands in one person's home at iCloud."""

from dataclasses import dataclass, field
from typing import Literal

CollectionKind = Literal["calendar", "subscribed"]


@dataclass(slots=True, kw_only=True)
class ICloudListing:
    """`name` is the last part of its path (empty: the key for `home` and `work`, a made-up UUID for others).

    A "subscribed" one points to a feed at `source`: it claims to be writable, refuses every write and answers queries
    with nothing. `components` are what it holds: an old list of reminders has VTODO. `privileges` are those it names
    (None: as it can be edited). `omitted` are properties to answer 404 for, by their names. `order` is its place
    among the person's calendars, None for none.
    """

    name: str = ""
    kind: CollectionKind = "calendar"
    source: str = ""
    components: list[str] = field(default_factory=lambda: ["VEVENT"])
    privileges: list[str] | None = None
    omitted: list[str] = field(default_factory=list)
    transparent: bool = False
    order: int | None = None
