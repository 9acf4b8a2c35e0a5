"""Busy time as a compact value: what is stored, united and sent without an object an interval."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from domain.interval import Interval

Span: TypeAlias = tuple[int, int]
"""A half-open interval: its start and its end, in microseconds since 1970."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Spans:
    """A set of instants as disjoint half-open spans in order.

    `edges` are microseconds since 1970, start and end by turns, strictly ascending: spans that touch are one.
    """

    edges: tuple[int, ...] = ()

    @classmethod
    def of(cls, intervals: Iterable[Interval]) -> "Spans":
        return cls(_united(map(as_span, intervals)))

    def __iter__(self) -> Iterator[Interval]:
        for start, end in self._pairs():
            yield Interval(instant(start), instant(end))

    def __len__(self) -> int:
        return len(self.edges) // 2

    def united(self, *others: "Spans") -> "Spans":
        given = [one for one in (self, *others) if one.edges]
        if len(given) <= 1:
            return given[0] if given else self
        return Spans(_united(pair for one in given for pair in one._pairs()))

    def clipped_to(self, window: Interval) -> "Spans":
        """The part inside `window`."""
        low, high = as_span(window)
        if not self.edges or (low <= self.edges[0] and self.edges[-1] <= high):
            return self
        first, last = bisect_right(self.edges, low), bisect_right(self.edges, high)
        inside = list(self.edges[first:last])
        if first % 2:
            inside.insert(0, low)
        if last % 2:
            inside.append(high)
        if inside and inside[-2] == inside[-1]:
            del inside[-2:]
        return Spans(tuple(inside))

    def overlaps(self, interval: Interval) -> bool:
        """Whether the two share an instant."""
        return self.meets(*as_span(interval))

    def meets(self, start: int, end: int) -> bool:
        """The same for an interval given as microseconds since 1970."""
        edges = self.edges
        place = bisect_right(edges, start)
        return place % 2 == 1 or (place < len(edges) and edges[place] < end)

    def _pairs(self) -> Iterator[Span]:
        edges = iter(self.edges)
        return zip(edges, edges, strict=True)


def as_span(interval: Interval) -> Span:
    return micros(interval.start), micros(interval.end)


def micros(time: datetime) -> int:
    """Microseconds since 1970 of an aware time."""
    return (time - EPOCH) // MICROSECOND


def instant(at: int) -> datetime:
    """The time, in UTC, of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=at)


def _united(pairs: Iterable[Span]) -> tuple[int, ...]:
    edges: list[int] = []
    for start, end in sorted(pairs):
        if edges and start <= edges[-1]:
            edges[-1] = max(edges[-1], end)
        else:
            edges += (start, end)
    return tuple(edges)
