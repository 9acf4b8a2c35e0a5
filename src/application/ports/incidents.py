"""The losses of access."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from application.ports.lanes import Claim, Room
from domain.account import Provider
from domain.ids import AccountId, ExpertId, IncidentId
from domain.incident import Incident


@dataclass(frozen=True, slots=True, order=True)
class IncidentPosition:
    """A place in the order of incidents: by when they were opened, then by id."""

    opened_at: datetime
    incident_id: IncidentId


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    """`sessions_at_risk` counts the live sessions, not over yet, that wait because of it."""

    incident: Incident
    provider: Provider
    sessions_at_risk: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueIncident:
    """An incident to be mailed about by whoever has claimed it with this token."""

    incident_id: IncidentId
    token: str


class Incidents(Protocol):
    async def add(self, incident: Incident) -> bool:
        """Open an incident; False, and nothing stored, when the account has an open one already.

        Raises AccountNotFound.
        """
        ...

    async def open_of(self, account_id: AccountId) -> Incident | None:
        """The account's open incident, locked; None when there is none."""
        ...

    async def open(
        self, of: ExpertId | None, *, after: IncidentPosition | None, now: datetime, limit: int
    ) -> tuple[OpenIncident, ...]:
        """Up to `limit` open incidents beyond `after`, of one expert or of all, in order.

        A session waits because of an incident when it waits for a reconnect, and its event is in that account; or when
        it has none in an account that is connected, and the write calendar is in this one or automatic.
        """
        ...

    async def open_with_id(self, incident_id: IncidentId) -> Incident | None:
        """This incident, locked, if it is open."""
        ...

    async def by_token(self, token: str) -> Incident:
        """The incident whose link carries this token, be it open or closed. Raises ReconnectLinkUnknown."""
        ...

    async def save(self, incident: Incident) -> None:
        """Replace the stored incident; one that went with its account stays gone. Closing it ends its claim; else
        claims are left as they are."""
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

    async def claim_due(
        self, room: Room, *, token: str, now: datetime, until: datetime
    ) -> Claim[DueIncident]:
        """Claim open incidents whose mail is due and that nobody else has claimed, as `claim` does.

        Those whose next mail was not tried yet come first, and among each the longest due. Keys are the experts: they
        have as many open incidents as accounts at most, few enough to need no other bound.
        """
        ...

    async def forget_closed(self, before: datetime, limit: int) -> int:
        """Forget up to `limit` incidents that were closed before then, the longest closed first; how many it were.
        Those that somebody is dealing with are left out.
        """
        ...
