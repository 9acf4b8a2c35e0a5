"""Add an expert or replace what is known of them."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.store import Store, Transaction
from domain.change import ChangeType, change_of_expert
from domain.expert import Expert, ExpertNotFound, Plan
from domain.ids import ExpertId
from domain.zone import zone_named


@dataclass(frozen=True, slots=True, kw_only=True)
class PutExpert:
    store: Store
    clock: Clock

    async def __call__(
        self, *, expert_id: ExpertId, plan: Plan, email: str, display_name: str, time_zone: str
    ) -> Expert:
        """Raises TimeZoneUnknown."""
        expert = Expert(
            expert_id=expert_id,
            plan=plan,
            email=email,
            display_name=display_name,
            time_zone=zone_named(time_zone),
        )
        async with self.store.transaction() as tx:
            if await self._known(tx, expert_id) != expert:
                await tx.experts.put(expert)
                await tx.changes.add(
                    change_of_expert(ChangeType.EXPERT_CHANGED, expert_id, at=self.clock.now())
                )
        return expert

    async def _known(self, tx: Transaction, expert_id: ExpertId) -> Expert | None:
        try:
            return await tx.experts.lock(expert_id)
        except ExpertNotFound:
            return None
