"""The losses of access."""

from datetime import datetime
from typing import Protocol

from domain.ids import AccountId, IncidentId
from domain.incident import Incident


class Incidents(Protocol):
    async def add(self, incident: Incident) -> bool:
        """Open an incident; False, and nothing stored, when the account has an open one already.

        Raises AccountNotFound.
        """
        ...

    async def open_of(self, account_id: AccountId) -> Incident | None:
        """The account's open incident, locked; None when there is none."""
        ...

    async def by_token(self, token: str) -> Incident:
        """The open incident whose link carries this token. Raises ReconnectLinkUnknown."""
        ...

    async def save(self, incident: Incident) -> None:
        """Replace the stored incident; one that went with its account stays gone. Claims are left as they are."""
        ...

    async def claim(
        self, incident_id: IncidentId, *, token: str, now: datetime, until: datetime
    ) -> Incident | None:
        """Become the one who mails about an open incident whose mail is due, until `until` or until released.

        None when it is unknown, closed, not due at `now`, or claimed by another whose time has not run out.
        """
        ...

    async def claimed(self, incident_id: IncidentId, *, token: str) -> Incident | None:
        """The incident, locked, if it is open and the claim under `token` still stands; else None."""
        ...

    async def release(self, incident_id: IncidentId) -> None: ...

    async def due(self, now: datetime, limit: int) -> tuple[IncidentId, ...]:
        """Open incidents whose mail is due and that nobody has claimed, the longest due first."""
        ...
