"""What a lane of work has room for, and the due rows that it claims."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic, TypeVar

Row = TypeVar("Row")

MOST_OF_A_KEY = 2
"""Places of one lane that one key may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed(Generic[Row]):
    """A due row that is ours until its claim ends.

    `keys` name whom its work burdens, such as a mailbox or an expert. `again`: it is tried again, or polled; otherwise
    it is new, or somebody gave notice of it.
    """

    row: Row
    keys: tuple[str, ...] = ()
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Generic[Row]):
    """`next_due` is when the next row is due that is not due yet; None where there is none, or it isn't known.

    `more`: although there is room left, another claim at once may bring more.
    """

    rows: tuple[Claimed[Row], ...] = ()
    next_due: datetime | None = None
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many rows to claim at most, how many of them of those that are tried again; `held` says how many places each
    key holds already, and is to be added to where MOST_OF_A_KEY is kept to."""

    places: int
    again: int
    held: Mapping[str, int] = field(default_factory=dict)

    def without(self, claimed: tuple[Claimed[Row], ...]) -> "Room":
        """What is left of it once these are placed."""
        held = dict(self.held)
        for key in (key for one in claimed for key in one.keys):
            held[key] = held.get(key, 0) + 1
        return replace(
            self,
            places=self.places - len(claimed),
            again=self.again - sum(one.again for one in claimed),
            held=held,
        )
