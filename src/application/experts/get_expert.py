"""Look an expert up."""

from dataclasses import dataclass

from application.ports.store import Store
from domain.expert import Expert
from domain.ids import ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class GetExpert:
    store: Store

    async def __call__(self, expert_id: ExpertId) -> Expert:
        """Raises ExpertNotFound."""
        async with self.store.transaction() as tx:
            return await tx.experts.get(expert_id)
