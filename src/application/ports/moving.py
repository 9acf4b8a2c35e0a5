"""The two sides of moving an expert from one cell to another."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from domain.ids import ExpertId


class MoveRefused(Exception):
    """The expert can't be moved, for now or so; what was done before stays done. The text is for the operator."""


class StillAtWork(Exception):
    """A worker is writing something of the expert's at the provider, or renewing a grant: it must end first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFacts:
    """What must be known of a cell before anybody is moved there or away."""

    name: str
    schema_version: str
    time: datetime
    public_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Departed:
    """Somebody who has left. `package` is all that is theirs, until it is known to have arrived."""

    expert_id: ExpertId
    move_id: str
    to_cell: str
    package: bytes | None = field(repr=False)


class Departures(Protocol):
    """The cell that the expert leaves."""

    async def facts(self) -> CellFacts: ...

    async def look_at(self, expert_id: ExpertId) -> bytes:
        """A package of the expert as they are now, who stays. Raises ExpertNotFound."""
        ...

    async def departed(self, expert_id: ExpertId) -> Departed | None:
        """Whoever has left and is not known to be back."""
        ...

    async def depart(self, expert_id: ExpertId, *, move_id: str, to: CellFacts) -> Departed:
        """Take all rows of the expert out and into a package, at one moment: from then on nothing here concerns them.

        Raises StillAtWork, ExpertNotFound.
        """
        ...

    async def forward(self, expert_id: ExpertId, *, move_id: str) -> None:
        """They have arrived: from now on whoever asks is told where they live, and the package goes."""
        ...

    async def take_back(self, departed: Departed) -> None:
        """They have not arrived, and never will: they live here again. Raises MoveRefused."""
        ...


class Arrivals(Protocol):
    """The cell that the expert goes to. Each move is decided here, by one row: it has succeeded, or never will."""

    async def facts(self) -> CellFacts: ...

    async def rehearse(self, package: bytes) -> None:
        """Do all that `arrive` does, and undo it. Raises MoveRefused, which says what would not fit."""
        ...

    async def arrive(self, departed: Departed) -> None:
        """Have the expert live here, if the move is not decided yet: a repeat changes nothing.

        Raises MoveRefused when they can't, or the move was given up.
        """
        ...

    async def give_up(self, move_id: str) -> bool:
        """Decide that the move will never succeed. False when it has already."""
        ...
