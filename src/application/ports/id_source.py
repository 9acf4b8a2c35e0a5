"""Fresh ids and secrets, as a port so that use-cases stay free of randomness."""

from typing import Protocol

from domain.ids import AccountId, CalendarId, IncidentId, WorkerId


class IdSource(Protocol):
    @property
    def worker_id(self) -> WorkerId:
        """This process among those that run jobs."""
        ...

    def account_id(self) -> AccountId: ...

    def calendar_id(self) -> CalendarId: ...

    def incident_id(self) -> IncidentId: ...

    def token(self) -> str:
        """An unguessable, URL-safe secret of at least 128 bits."""
        ...

    def claim(self) -> str:
        """A token to claim a row with that no other claim has: the id of this worker, a dot, and something fresh."""
        ...
