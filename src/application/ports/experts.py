"""The experts we know."""

from typing import Protocol

from domain.expert import Expert
from domain.ids import ExpertId


class Experts(Protocol):
    async def get(self, expert_id: ExpertId) -> Expert:
        """Raises ExpertNotFound."""
        ...

    async def lock(self, expert_id: ExpertId) -> Expert:
        """As `get`, and holds every other `lock` of this expert back until the transaction ends."""
        ...

    async def put(self, expert: Expert) -> None:
        """Add the expert, or replace what is known of them, but for when they were added."""
        ...

    async def page(self, *, after: ExpertId | None, limit: int) -> tuple[Expert, ...]:
        """Up to `limit` experts beyond `after`, in the order of their ids."""
        ...

    async def remove(self, expert_id: ExpertId) -> None:
        """Erase the expert and all that belongs to them, also what was asked of workers. Raises ExpertNotFound."""
        ...
