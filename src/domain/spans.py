"""Busy time as a compact value: what is stored, united and sent without an object an interval."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.interval import Interval

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
        return cls(_united((micros(one.start), micros(one.end)) for one in intervals))

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
        low, high = micros(window.start), micros(window.end)
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
        return self.meets(micros(interval.start), micros(interval.end))

    def meets(self, start: int, end: int) -> bool:
        """The same for an interval given as microseconds since 1970."""
        place = bisect_right(self.edges, start)
        return bool(place % 2) or (place < len(self.edges) and self.edges[place] < end)

    def _pairs(self) -> Iterator[tuple[int, int]]:
        edges = iter(self.edges)
        return zip(edges, edges, strict=True)


def micros(time: datetime) -> int:
    """Microseconds since 1970 of an aware time."""
    return (time - EPOCH) // MICROSECOND


def instant(at: int) -> datetime:
    """The time, in UTC, of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=at)


def _united(pairs: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    edges: list[int] = []
    for start, end in sorted(pairs):
        if edges and start <= edges[-1]:
            edges[-1] = max(edges[-1], end)
        else:
            edges += (start, end)
    return tuple(edges)
