"""Fresh ids and secrets, as a port so that use-cases stay free of randomness."""

from typing import Protocol

from domain.ids import AccountId, CalendarId, IncidentId


class IdSource(Protocol):
    def account_id(self) -> AccountId: ...

    def calendar_id(self) -> CalendarId: ...

    def incident_id(self) -> IncidentId: ...

    def token(self) -> str:
        """An unguessable, URL-safe secret of at least 128 bits."""
        ...
