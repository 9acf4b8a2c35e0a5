"""List the holds that are live, of one expert or of all."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.reserved_times import HoldPosition
from application.ports.store import Store
from domain.hold import Hold
from domain.ids import ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class ListHolds:
    store: Store
    clock: Clock

    async def __call__(
        self, expert_id: ExpertId | None, *, after: HoldPosition | None = None, limit: int
    ) -> tuple[Hold, ...]:
        """Up to `limit` beyond `after`, those that expire first first. Raises ExpertNotFound."""
        async with self.store.transaction() as tx:
            if expert_id is not None:
                await tx.experts.get(expert_id)
            return await tx.reserved.holds(expert_id, after=after, now=self.clock.now(), limit=limit)
