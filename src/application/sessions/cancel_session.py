"""Cancel a session: it blocks nothing from now on, and its event is removed by a worker."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.store import Store
from domain.change import ChangeType, change_of_booking
from domain.ids import ExpertId, SessionId
from domain.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelSession:
    store: Store
    clock: Clock

    async def __call__(self, expert_id: ExpertId, session_id: SessionId, *, etag: str = "") -> Session:
        """The session, cancelled; a repeat changes nothing. Raises SessionNotFound, EtagMismatch."""
        async with self.store.transaction() as tx:
            known = await tx.sessions.lock(expert_id, session_id)
            known.require_etag(etag)
            now = self.clock.now()
            cancelled = known.cancel(now=now)
            if cancelled is not known:
                await tx.sessions.save(cancelled)
                await tx.reserved.give_back(expert_id, session_id)
                await tx.changes.add(change_of_booking(ChangeType.SESSION_CANCELLED, cancelled, at=now))
                await tx.jobs.write_session(expert_id, session_id)
        return cancelled
