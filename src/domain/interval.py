"""Half-open intervals of time and the few operations availability needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.errors import DomainError


@dataclass(kw_only=True, eq=False)
class IntervalInvalid(DomainError):
    """An interval is reversed, empty, or made of times without an offset."""

    reason: str


@dataclass(kw_only=True, eq=False)
class WindowTooLong(DomainError):
    """A question spans more time than is answered at once."""

    limit: timedelta


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The instants from `start` (included) to `end` (excluded); given in any zone, kept in UTC, start before end.

    In UTC because Python compares and subtracts two times of one zone by their wall clocks, wrong where it changes.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            self._move_to_utc()
        if self.end <= self.start:
            raise IntervalInvalid(reason="the end must come after the start")

    def _move_to_utc(self) -> None:
        if self.start.utcoffset() is None or self.end.utcoffset() is None:
            raise IntervalInvalid(reason="times need an offset")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def overlaps(self, other: "Interval") -> bool:
        """Whether the two share an instant; touching at an edge is not sharing."""
        return self.start < other.end and other.start < self.end

    def holds(self, other: "Interval") -> bool:
        """Whether every instant of the other is one of this."""
        return self.start <= other.start and other.end <= self.end

    def clipped_to(self, window: "Interval") -> "Interval | None":
        """The part inside `window`, or None where there is none."""
        if window.holds(self):
            return self
        start, end = max(self.start, window.start), min(self.end, window.end)
        return Interval(start, end) if start < end else None

    def widened(self, by: timedelta) -> "Interval":
        return Interval(self.start - by, self.end + by)


def span(intervals: Iterable[Interval]) -> Interval:
    """The smallest interval that holds all of the (at least one) given."""
    given = list(intervals)
    return Interval(min(one.start for one in given), max(one.end for one in given))
