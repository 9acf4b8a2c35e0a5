"""A fake of what is known of those who went to another cell."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.cell import MovedExpert
from domain.ids import ExpertId
from tests.fakes.tables import Tables


@dataclass(frozen=True, slots=True)
class FakeMovedExperts:
    tables: Tables

    async def of(self, expert_ids: Collection[ExpertId]) -> Mapping[ExpertId, MovedExpert]:
        return {one: self.tables.moved[one] for one in expert_ids if one in self.tables.moved}

    async def address_of(self, secret: str) -> str | None:
        expert_id, address = self.tables.moved_links.get(secret, (None, None))
        return address if expert_id is not None and self.tables.moved[expert_id].arrived else None

    async def forget_before(self, at: datetime, limit: int) -> int:
        gone = [one for one in self.tables.moved.values() if one.arrived and one.moved_at < at]
        gone.sort(key=lambda one: (one.moved_at, one.expert_id))
        for one in gone[:limit]:
            del self.tables.moved[one.expert_id]
            for secret in [key for key, link in self.tables.moved_links.items() if link[0] == one.expert_id]:
                del self.tables.moved_links[secret]
        return len(gone[:limit])
