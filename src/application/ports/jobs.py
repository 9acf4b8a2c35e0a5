"""Wake-ups for the workers. A job may run late, twice or never: rows say what is to be done, and a sweep finds them."""

from datetime import datetime
from typing import Protocol

from domain.ids import AccountId, ExpertId, IncidentId, SessionId


class Jobs(Protocol):
    """Each wakes a worker once the transaction has committed, at `at` or at once."""

    async def write_session(
        self, expert_id: ExpertId, session_id: SessionId, *, at: datetime | None = None
    ) -> None: ...

    async def notify_expert(self, incident_id: IncidentId, *, at: datetime | None = None) -> None: ...

    async def refresh_calendars(self, account_id: AccountId, *, at: datetime | None = None) -> None:
        """Does nothing when one for this account waits already, whenever that is due."""
        ...
