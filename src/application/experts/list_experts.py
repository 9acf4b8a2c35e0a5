"""List all experts in the order of their ids."""

from dataclasses import dataclass

from application.ports.store import Store
from domain.expert import Expert
from domain.ids import ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class ListExperts:
    store: Store

    async def __call__(self, *, after: ExpertId | None = None, limit: int) -> tuple[Expert, ...]:
        """Up to `limit` beyond `after`."""
        async with self.store.transaction() as tx:
            return await tx.experts.page(after=after, limit=limit)
