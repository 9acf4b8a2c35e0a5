"""List an expert's sessions in the order of their starts."""

from dataclasses import dataclass

from application.ports.sessions import SessionFilter, SessionPosition
from application.ports.store import Store
from domain.ids import ExpertId
from domain.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSessions:
    store: Store

    async def __call__(
        self, expert_id: ExpertId, which: SessionFilter, *, after: SessionPosition | None = None, limit: int
    ) -> tuple[Session, ...]:
        """Up to `limit` sessions beyond `after`. Raises ExpertNotFound."""
        async with self.store.transaction() as tx:
            await tx.experts.get(expert_id)
            return await tx.sessions.page(expert_id, which, after=after, limit=limit)
