"""Accept a session, or a change of one: the row and the job that writes it, in one transaction."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.store import Store, Transaction
from domain.errors import EtagMismatch
from domain.ids import ExpertId, SessionId
from domain.interval import Interval
from domain.session import Session, SessionDetails, SessionNotFound, new_session


@dataclass(frozen=True, slots=True, kw_only=True)
class PutSession:
    store: Store
    clock: Clock

    async def __call__(
        self,
        *,
        expert_id: ExpertId,
        session_id: SessionId,
        interval: Interval,
        details: SessionDetails,
        etag: str = "",
    ) -> Session:
        """The session as accepted; the same wish again changes nothing. Raises ExpertNotFound, EtagMismatch."""
        now = self.clock.now()
        new = new_session(
            expert_id=expert_id, session_id=session_id, interval=interval, details=details, now=now
        )
        async with self.store.transaction() as tx:
            known = await self._known(tx, new, etag)
            accepted = new if known is None else known.put(interval=interval, details=details, now=now)
            if accepted is known:
                return known
            if known is not None:
                await tx.sessions.save(accepted)
            await tx.jobs.write_session(expert_id, session_id)
        return accepted

    async def _known(self, tx: Transaction, new: Session, etag: str) -> Session | None:
        """The session as it was, locked; None when it is new, and then it is added already."""
        # Most are new: adding is tried at once, and refuses an unknown expert by itself.
        if not etag and await tx.sessions.add(new):
            return None
        try:
            known = await tx.sessions.lock(new.expert_id, new.session_id)
        except SessionNotFound:
            await tx.experts.get(new.expert_id)
            raise EtagMismatch from None
        known.require_etag(etag)
        return known
