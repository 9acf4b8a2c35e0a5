"""List sessions: an expert's in the order of their starts, or everybody's in the order of their last updates."""

from dataclasses import dataclass

from application.ports.sessions import SessionFilter, SessionPosition, UpdatePosition
from application.ports.store import Store
from domain.ids import ExpertId
from domain.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSessions:
    store: Store

    async def __call__(
        self, expert_id: ExpertId, which: SessionFilter, *, after: SessionPosition | None = None, limit: int
    ) -> tuple[Session, ...]:
        """Up to `limit` of one expert's beyond `after`. Raises ExpertNotFound."""
        async with self.store.transaction() as tx:
            await tx.experts.get(expert_id)
            return await tx.sessions.page(expert_id, which, after=after, limit=limit)

    async def of_all(
        self, which: SessionFilter, *, after: UpdatePosition | None = None, limit: int
    ) -> tuple[Session, ...]:
        """Up to `limit` of everybody's beyond `after`. What changes meanwhile comes again, in its new place."""
        async with self.store.transaction() as tx:
            return await tx.sessions.page_of_all(which, after=after, limit=limit)
