"""Find out where experts live whom this cell does not have."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from application.ports.store import Store
from domain.errors import DomainError
from domain.ids import ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class FindMoved:
    """Asked only once an expert was not found: whoever is here costs nothing more."""

    store: Store

    async def __call__(self, expert_ids: Collection[ExpertId]) -> Mapping[ExpertId, DomainError]:
        """Of those who went to another cell what calls about them are answered with: ExpertMoved or ExpertMoving."""
        if not expert_ids:
            return {}
        async with self.store.transaction() as tx:
            moved = await tx.moved.of(expert_ids)
        return {expert_id: one.error() for expert_id, one in moved.items()}
