"""Experts who went to another cell: a part of the service with a database of its own."""

from dataclasses import dataclass
from datetime import datetime

from domain.errors import DomainError
from domain.ids import ExpertId


@dataclass(kw_only=True, eq=False)
class ExpertMoved(DomainError):
    """The expert lives in another cell, and every call about them belongs there."""

    cell: str


@dataclass(kw_only=True, eq=False)
class ExpertMoving(DomainError):
    """The expert is on the way to another cell, for a moment: neither has them yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedExpert:
    """`arrived`: known to live in the other cell. `moved_at` is when they left."""

    expert_id: ExpertId
    cell: str
    moved_at: datetime
    arrived: bool

    def error(self) -> DomainError:
        """What a call about the expert is answered with."""
        return ExpertMoved(cell=self.cell) if self.arrived else ExpertMoving()
