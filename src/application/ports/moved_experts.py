"""Who went from this cell to another."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from domain.cell import MovedExpert
from domain.ids import ExpertId


class MovedExperts(Protocol):
    async def of(self, expert_ids: Collection[ExpertId]) -> Mapping[ExpertId, MovedExpert]:
        """Those among them who did."""
        ...

    async def address_of(self, secret: str) -> str | None:
        """The public address of the cell to which the link with this secret leads now; None when to none."""
        ...

    async def forget_before(self, at: datetime, limit: int) -> int:
        """Forget those who arrived there long ago: they left before `at`. Some of them, the longest gone first."""
        ...
