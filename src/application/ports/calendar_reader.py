"""Reading when a calendar's entries are, and with which status: never what they are."""

from typing import Protocol

from domain.blocking import CalendarEntry
from domain.ids import AccountId
from domain.interval import Interval


class CalendarReader(Protocol):
    async def read_entries(
        self, account_id: AccountId, remote_calendar_id: str, window: Interval
    ) -> tuple[CalendarEntry, ...]:
        """Every entry that may touch `window`, series by occurrence, all pages; some may lie outside it.

        All or nothing: a failure on any page raises. Raises AccessLost, AccessDenied, CalendarGone,
        MailboxNotServed, MailboxSuspended, ProviderUnavailable, ProviderMisconfigured, InvalidAnswer, AccountNotFound.
        """
        ...
