"""How one calendar stands in one person's list at Google."""

from dataclasses import dataclass, field
from typing import Literal

FreeBusyAnswer = Literal["answers", "error", "error_with_busy", "left_out"]


@dataclass(slots=True, kw_only=True)
class GoogleListing:
    """`role` is the access role (None: owner of one's own; of somebody else's writer or reader, as it can be edited).

    `data_owner` is an address (None: the owner's). `omitted` members are left out of the entry. `freebusy` is what a
    query for free and busy says of this calendar, with the `freebusy_reason` where it is an error. Calendars of
    Google's own are not `watchable`.
    """

    role: str | None = None
    hidden: bool = False
    deleted: bool = False
    summary_override: str | None = None
    data_owner: str | None = None
    omitted: list[str] = field(default_factory=list)
    freebusy: FreeBusyAnswer = "answers"
    freebusy_reason: str = "internalError"
    watchable: bool = True
