"""A fake of the incidents' repository."""

from dataclasses import dataclass
from datetime import datetime

from application.ports.incidents import DueIncident, IncidentPosition, OpenIncident
from application.ports.lanes import MOST_OF_A_KEY, Room
from application.ports.lanes import Claim as ClaimOfRows
from application.ports.lanes import Claimed as ClaimedRow
from domain.account import AccountNotFound
from domain.ids import AccountId, ExpertId, IncidentId
from domain.incident import Incident, ReconnectLinkUnknown
from domain.session import Hindrance, Session, WriteStatus
from tests.fakes.tables import Claim, Tables


@dataclass(frozen=True, slots=True)
class FakeIncidents:
    tables: Tables

    async def add(self, incident: Incident) -> bool:
        if incident.account_id not in self.tables.accounts:
            raise AccountNotFound
        if await self.open_of(incident.account_id) is not None:
            return False
        self.tables.incidents[incident.incident_id] = incident
        return True

    async def open_of(self, account_id: AccountId) -> Incident | None:
        return next(
            (
                one
                for one in self.tables.incidents.values()
                if one.account_id == account_id and one.closed_at is None
            ),
            None,
        )

    async def open(
        self, of: ExpertId | None, *, after: IncidentPosition | None, now: datetime, limit: int
    ) -> tuple[OpenIncident, ...]:
        mine = [
            (IncidentPosition(one.opened_at, one.incident_id), one)
            for one in self.tables.incidents.values()
            if one.closed_at is None and of in {None, one.expert_id}
        ]
        return tuple(
            OpenIncident(
                incident=one,
                provider=self.tables.accounts[one.account_id].identity.provider,
                sessions_at_risk=sum(
                    self._waits(session, one, now) for session in self.tables.sessions.values()
                ),
            )
            for place, one in sorted(mine, key=lambda pair: pair[0])
            if after is None or place > after
        )[:limit]

    def _waits(self, session: Session, incident: Incident, now: datetime) -> bool:
        waits = session.status is WriteStatus.WAITING and session.hindrance is Hindrance.RECONNECT_REQUIRED
        if (
            session.expert_id != incident.expert_id
            or session.cancelled
            or session.interval.end <= now
            or not waits
        ):
            return False
        home = session.copy and self.tables.accounts.get(session.copy.account_id)
        if home and home.expert_id == session.expert_id:
            return home.account_id == incident.account_id
        settings = self.tables.settings.get(session.expert_id)
        chosen = settings and settings.chosen and self.tables.calendars.get(settings.chosen)
        return not chosen or chosen.account_id == incident.account_id

    async def open_with_id(self, incident_id: IncidentId) -> Incident | None:
        incident = self.tables.incidents.get(incident_id)
        return None if incident is None or incident.closed_at is not None else incident

    async def by_token(self, token: str) -> Incident:
        for incident in self.tables.incidents.values():
            if incident.token == token:
                return incident
        raise ReconnectLinkUnknown

    async def save(self, incident: Incident) -> None:
        if incident.incident_id in self.tables.incidents:
            self.tables.incidents[incident.incident_id] = incident
            if incident.closed_at is not None:
                self.tables.incident_claims.pop(incident.incident_id, None)

    async def claim(
        self, incident_id: IncidentId, *, token: str, now: datetime, until: datetime
    ) -> Incident | None:
        incident = self.tables.incidents.get(incident_id)
        if incident is None or not _due(incident, now) or not self._free(incident_id, now, token):
            return None
        self.tables.incident_claims[incident_id] = Claim(token, until)
        return incident

    async def claimed(self, incident_id: IncidentId, *, token: str) -> Incident | None:
        claim = self.tables.incident_claims.get(incident_id)
        if claim is None or claim.token != token:
            return None
        incident = self.tables.incidents[incident_id]
        return incident if incident.closed_at is None else None

    async def release(self, incident_id: IncidentId) -> None:
        self.tables.incident_claims.pop(incident_id, None)
        del self.tables.deaths[incident_id]

    async def forget_closed(self, before: datetime, limit: int) -> int:
        closed = sorted(
            (one.closed_at, one.incident_id)
            for one in self.tables.incidents.values()
            if one.closed_at is not None and one.closed_at < before
        )[:limit]
        for _, incident_id in closed:
            del self.tables.incidents[incident_id]
        return len(closed)

    async def claim_due(
        self, room: Room, *, token: str, now: datetime, until: datetime
    ) -> ClaimOfRows[DueIncident]:
        rows: tuple[ClaimedRow[DueIncident], ...] = ()
        due = sorted(
            (one.mail_failures > 0, one.mail_due_at or now, key)
            for key, one in self.tables.incidents.items()
            if _due(one, now) and self._free(key, now, token)
        )
        for again, _, key in due:
            left, expert_id = room.without(rows), self.tables.incidents[key].expert_id
            if (
                left.places > 0
                and (left.again > 0 or not again)
                and left.held.get(expert_id, 0) < MOST_OF_A_KEY
            ):
                self.tables.incident_claims[key] = Claim(token, until)
                row = DueIncident(incident_id=key, token=token)
                rows += (ClaimedRow(row=row, keys=(expert_id,), again=again),)
        return ClaimOfRows(rows=rows, more=bool(rows))

    def _free(self, incident_id: IncidentId, now: datetime, token: str | None = None) -> bool:
        claim = self.tables.incident_claims.get(incident_id)
        return claim is None or claim.until <= now or claim.token == token


def _due(incident: Incident, now: datetime) -> bool:
    return incident.closed_at is None and incident.mail_due_at is not None and incident.mail_due_at <= now
