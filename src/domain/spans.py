"""Busy time as a compact value: what is stored, united and sent without an object an interval."""

from bisect import bisect_left, bisect_right
from collections.abc import Generator, Iterable, Iterator, Sequence
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

    @classmethod
    def between(cls, starts: Sequence[int], ends: Sequence[int]) -> "Spans":
        """The union of spans given by their starts and their ends, each in the same order.

        Sorted apart they show the gaps: where the next span starts after as many have ended as had started before it,
        none is left. That takes no object a span.
        """
        if not starts:
            return cls()
        first, *later = sorted(starts)
        *sooner, last = sorted(ends)
        gaps = [
            edge for end, start in zip(sooner, later, strict=True) if start > end for edge in (end, start)
        ]
        return cls((first, *gaps, last))

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

    def without(self, other: "Spans") -> "Spans":
        """The part outside `other`."""
        left: list[int] = []
        for whole in self:
            low, high = as_span(whole)
            edges = (low, *other.clipped_to(whole).edges, high)
            left += (
                edge
                for pair in zip(edges[::2], edges[1::2], strict=True)
                if pair[0] < pair[1]
                for edge in pair
            )
        return Spans(tuple(left))

    def count_in(self, window: Interval) -> int:
        """How many spans have a part inside `window`."""
        low, high = as_span(window)
        return (bisect_left(self.edges, high) + 1) // 2 - bisect_right(self.edges, low) // 2

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


def united_by_parts(sets: Sequence[Spans], most: int) -> Generator[None, None, Spans]:
    """The union of all, for whoever must not work for long at a stretch: a step takes some `most` spans at most.

    The spans of a step start before those of the next one. How far a step reaches says the set that has the most of
    them: so it is small also where all lie close together.
    """
    edges: list[int] = []
    begun = [0] * len(sets)
    each = 2 * max(most // max(len(sets), 1), 1)
    while any(place < len(one.edges) for one, place in zip(sets, begun, strict=True)):
        starts = [one.edges[place + each : place + each + 1] for one, place in zip(sets, begun, strict=True)]
        until = min((start for (start,) in filter(None, starts)), default=None)
        ends = [len(one.edges) if until is None else _first_from(until, one.edges) for one in sets]
        parts = [one.edges[place:end] for one, place, end in zip(sets, begun, ends, strict=True)]
        _unite(edges, (pair for part in parts for pair in zip(part[::2], part[1::2], strict=True)))
        begun = ends
        yield
    return Spans(tuple(edges))


def _first_from(start: int, edges: Sequence[int]) -> int:
    """The place of the first span that doesn't start before that."""
    place = bisect_left(edges, start)
    return place + place % 2


def _united(pairs: Iterable[Span]) -> tuple[int, ...]:
    edges: list[int] = []
    _unite(edges, pairs)
    return tuple(edges)


def _unite(edges: list[int], pairs: Iterable[Span]) -> None:
    """With what is there already: no pair starts before the last one there."""
    for start, end in sorted(pairs):
        if edges and start <= edges[-1]:
            edges[-1] = max(edges[-1], end)
        else:
            edges += (start, end)
