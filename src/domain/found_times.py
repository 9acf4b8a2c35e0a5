"""Which of the starts that come into question suit the experts who are asked for: any of them, or all."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from domain.availability import Availability, Verdict
from domain.spans import as_span
from domain.wanted_times import Starts, spans_meeting, taken_places

BUSY: Final = b"\0"
FREE: Final = b"\1"
UNKNOWN: Final = b"\2"
"""What an expert is at a start: a byte each, so that a row of them is laid out and compared at once."""


class Needed(Enum):
    """Whom a time must suit."""

    ALL = "ALL"
    ANY = "ANY"


class Match(NamedTuple):
    """Whom a start suits, by their places among those asked for: `free` for certain, `unknown` as far as is known."""

    verdict: Verdict
    free: tuple[int, ...]
    unknown: tuple[int, ...]


class ExpertStarts:
    """What one expert is at each of the starts.

    Free only if all of them was read and nothing known meets it, buffers included, and the day has room for a session.
    """

    def __init__(self, starts: Starts, availability: Availability) -> None:
        self._starts = starts
        self._edges = availability.taken.spans.edges
        self.row = bytearray(UNKNOWN * len(starts.at))
        if availability.complete:
            first, after = self._places_inside(availability)
            self.row[first:after] = FREE * (after - first)
        for first, after in starts.on_full_days(availability.taken.booked):
            self._take(first, after)

    def take_busy(self, most: int) -> Iterator[int]:
        """Takes the starts that what is known leaves no room for, at most so many intervals a step; says how many."""
        meeting = spans_meeting(self._starts.needed, self._edges)
        for begin in range(0, len(meeting), 2 * most):
            edges = meeting[begin : begin + 2 * most]
            for first, after in taken_places(self._starts.at, edges, self._starts.wanted.reach):
                self._take(first, after)
            yield len(edges) // 2

    def _take(self, first: int, after: int) -> None:
        self.row[first:after] = BUSY * (after - first)

    def _places_inside(self, availability: Availability) -> tuple[int, int]:
        """Nothing is known to be free outside of the window that was asked about."""
        earliest, latest = as_span(availability.window)
        back, forth = self._starts.wanted.reach
        first = bisect_left(self._starts.at, earliest + back)
        return first, max(bisect_right(self._starts.at, latest - forth), first)


@dataclass(slots=True, kw_only=True)
class Matching:
    """Holds the experts' rows against each other. Most starts have neighbours that suit the very same experts, so each
    combination is judged once."""

    needed: Needed
    unknown_too: bool
    """Whether times are wanted that are free only as far as is known."""
    _judged: dict[tuple[int, ...], Match | None] = field(default_factory=dict)

    def matches(self, rows: Sequence[Sequence[int]]) -> Iterator[tuple[int, Match]]:
        """The places that suit, in order. `rows` are of equal length, one an expert."""
        judged = self._judged
        for place, column in enumerate(zip(*rows, strict=True)):
            if column not in judged:
                judged[column] = self._judge(column)
            match = judged[column]
            if match is not None:
                yield place, match

    def _judge(self, column: tuple[int, ...]) -> Match | None:
        everybody = self.needed is Needed.ALL
        if everybody and BUSY[0] in column:
            return None  # as with most, where there are many
        free = tuple([place for place, what in enumerate(column) if what == FREE[0]])
        unknown = tuple([place for place, what in enumerate(column) if what == UNKNOWN[0]])
        if not unknown if everybody else free:
            return Match(Verdict.FREE, free, unknown if self.unknown_too else ())
        return Match(Verdict.UNKNOWN, free, unknown) if unknown and self.unknown_too else None
