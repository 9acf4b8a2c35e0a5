"""Wake-ups for the workers, in the transaction that makes a row due.

Rows say what is due, and workers find it there: a wake-up only makes it soon, and one that is lost costs a second.
"""

from datetime import datetime
from typing import Protocol

from domain.ids import AccountId, CalendarId, ExpertId, IncidentId, SessionId


class Jobs(Protocol):
    """Each wakes workers once the transaction has committed, for a row that it has made due.

    `at`: the row is due then; None: now.
    """

    async def write_session(
        self, expert_id: ExpertId, session_id: SessionId, *, at: datetime | None = None
    ) -> None: ...

    async def notify_expert(self, incident_id: IncidentId, *, at: datetime | None = None) -> None: ...

    async def refresh_calendars(self, account_id: AccountId) -> None:
        """For those who must not wait for the account's row: its list is due."""
        ...

    async def read_calendar(self, calendar_id: CalendarId) -> None:
        """As a mark, for those who must not wait for the calendar's row: a look that begins after the commit is due."""
        ...

    async def end_subscription(self, account_id: AccountId, remote_id: str) -> None:
        """`remote_id` is the provider's name of a subscription that is kept no more."""
        ...

    async def keep_subscription(self, calendar_id: CalendarId) -> None:
        """Of a calendar whose subscription was made due."""
        ...
