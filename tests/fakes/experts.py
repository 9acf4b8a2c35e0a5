"""A fake of the experts' repository."""

from dataclasses import dataclass, replace

from domain.cell import ExpertMoving
from domain.expert import Expert, ExpertNotFound
from domain.ids import ExpertId
from tests.fakes.tables import Tables


@dataclass(frozen=True, slots=True)
class FakeExperts:
    tables: Tables

    async def get(self, expert_id: ExpertId) -> Expert:
        try:
            return self.tables.experts[expert_id]
        except KeyError:
            raise ExpertNotFound from None

    async def lock(self, expert_id: ExpertId) -> Expert:
        return await self.get(expert_id)

    async def put(self, expert: Expert) -> None:
        if expert.expert_id in self.tables.moved:
            raise ExpertMoving
        if (known := self.tables.experts.get(expert.expert_id)) is not None:
            expert = replace(expert, created_at=known.created_at)
        self.tables.experts[expert.expert_id] = expert
        if expert.expert_id not in self.tables.subjects:
            self.tables.subjects_given += 1
            self.tables.subjects[expert.expert_id] = f"subject-{self.tables.subjects_given}"

    async def page(self, *, after: ExpertId | None, limit: int) -> tuple[Expert, ...]:
        known = sorted(one for one in self.tables.experts if after is None or one > after)
        return tuple(self.tables.experts[one] for one in known[:limit])

    async def remove(self, expert_id: ExpertId) -> None:
        await self.get(expert_id)
        self.tables.drop_expert(expert_id)
