"""Look a session up."""

from dataclasses import dataclass

from application.ports.store import Store
from domain.ids import ExpertId, SessionId
from domain.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class GetSession:
    store: Store

    async def __call__(self, expert_id: ExpertId, session_id: SessionId) -> Session:
        """Raises SessionNotFound, also for another expert's session."""
        async with self.store.transaction() as tx:
            return await tx.sessions.get(expert_id, session_id)
