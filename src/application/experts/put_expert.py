"""Add an expert or replace what is known of them."""

from dataclasses import dataclass

from application.ports.store import Store
from domain.expert import Expert, Plan
from domain.ids import ExpertId
from domain.zone import zone_named


@dataclass(frozen=True, slots=True, kw_only=True)
class PutExpert:
    store: Store

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
            await tx.experts.put(expert)
        return expert
