"""Reading when a calendar's entries are, and with which status: never what they are."""

from dataclasses import dataclass, field
from typing import Protocol

from domain.blocking import CalendarEntry
from domain.ids import AccountId
from domain.interval import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableCalendar:
    """A calendar to look at. `may_hold_ours`: whether an event of ours may be in it, to be told from the others."""

    remote_id: str = field(repr=False)
    may_hold_ours: bool


class CalendarReader(Protocol):
    async def read_entries(
        self, account_id: AccountId, calendar: ReadableCalendar, window: Interval
    ) -> tuple[CalendarEntry, ...]:
        """Every entry that may touch `window`, series by occurrence, all pages; some may lie outside it.

        Of a calendar that can't hold an event of ours it may be the times alone when it is busy, merged into one
        another, with neither ids nor marks.

        All or nothing: a failure on any page raises. Raises AccessLost, AccessDoubted, AccessDenied, CalendarGone,
        MailboxNotServed, MailboxSuspended, ProviderUnavailable, ProviderMisconfigured, InvalidAnswer, AccountNotFound.
        """
        ...
