"""Finding what overlaps a time, among much that is asked about often. Times are microseconds since 1970."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import accumulate
from operator import itemgetter, or_, xor
from typing import Final, Generic, TypeVar

from domain.interval import Interval
from domain.spans import Spans, as_span

K = TypeVar("K")

MOST_STRETCHES: Final = 8
"""For a time over more of them, it is quicker to look at each set."""


@dataclass(frozen=True, slots=True)
class ByStart(Generic[K]):
    """Intervals that may overlap each other, each with its name, in the order of their starts.

    `latest_ends` holds, for each place, the latest end so far: all before the first place where that is after a time
    are over by then.
    """

    names: tuple[K, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    latest_ends: tuple[int, ...]

    @classmethod
    def of(cls, named: Iterable[tuple[K, Interval]]) -> "ByStart[K]":
        rows = sorted(((*as_span(interval), name) for name, interval in named), key=itemgetter(0))
        ends = tuple([end for _, end, _ in rows])
        return cls(
            tuple([name for _, _, name in rows]),
            tuple([start for start, _, _ in rows]),
            ends,
            tuple(accumulate(ends, max)),
        )

    def overlapping(self, start: int, end: int) -> tuple[K, ...]:
        """The names of those that share an instant with it."""
        first, beyond = bisect_right(self.latest_ends, start), bisect_left(self.starts, end)
        return tuple([self.names[place] for place in range(first, beyond) if self.ends[place] > start])


@dataclass(frozen=True, slots=True)
class ByStretch(Generic[K]):
    """Which of several sets of spans, each with its name, have a time: in the stretch between two neighbouring edges of
    any of them the same ones all along.

    `masks` are those of the stretches, a bit a set; the first stretch ends at the first edge, the last never.
    """

    sets: Sequence[tuple[K, Spans]]
    edges: tuple[int, ...]
    masks: tuple[int, ...]
    _names: dict[int, tuple[K, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, sets: Sequence[tuple[K, Spans]]) -> "ByStretch[K]":
        turns: dict[int, int] = {}
        for place, (_, spans) in enumerate(sets):
            for edge in spans.edges:
                turns[edge] = turns.get(edge, 0) ^ 1 << place
        edges = tuple(sorted(turns))
        return cls(sets, edges, tuple(accumulate((turns[edge] for edge in edges), xor, initial=0)))

    def overlapping(self, start: int, end: int) -> tuple[K, ...]:
        """The names of those that share an instant with it, in their order."""
        first, last = bisect_right(self.edges, start), bisect_left(self.edges, end)
        if first == last:
            mask = self.masks[first]
        elif last - first < MOST_STRETCHES:
            mask = reduce(or_, self.masks[first : last + 1])
        else:
            return overlapping(self.sets, start, end)
        names = self._names.get(mask)
        if names is None:
            names = self._names[mask] = tuple(
                [name for place, (name, _) in enumerate(self.sets) if mask >> place & 1]
            )
        return names


def overlapping(sets: Sequence[tuple[K, Spans]], start: int, end: int) -> tuple[K, ...]:
    """The names of the sets of spans that share an instant with it, in their order."""
    return tuple([name for name, spans in sets if spans.meets(start, end)])
