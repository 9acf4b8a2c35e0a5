"""What kind of time is looked for, and the starts that come into question before anybody's calendar is opened."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from domain.buffers import NO_BUFFERS, Buffers
from domain.errors import DomainError
from domain.interval import Interval
from domain.local_days import DAY, Stretch, day_at, stretches_of
from domain.opening_hours import OpeningHours, open_time
from domain.spans import MICROSECOND, Span, Spans, as_span, instant, micros
from domain.taken import BookedTime

MOST_STARTS: Final = 500_000
"""Of one question, those of each expert counted by themselves: a month by the minute for eleven experts, or three
by the quarter of an hour for fifty-six. Opening hours take away most."""


class Alignment(Enum):
    """What starts are whole steps from: the midnight before, by the clock, or the beginning of the window."""

    CLOCK = "CLOCK"
    WINDOW = "WINDOW"


@dataclass(kw_only=True, eq=False)
class TooManyStarts(DomainError):
    """A question has more starts to look at than are looked at for one."""

    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTimes:
    """Times of this `length` inside the window and the opening hours, if there are any, by the clock of `zone`.

    `notice` is how far ahead they start at least. The buffers must be free as well, but may lie outside of window and
    hours. An expert who has `most_a_day` sessions on a day of the zone takes no more on it.
    """

    window: Interval
    length: timedelta
    step: timedelta
    zone: ZoneInfo
    alignment: Alignment = Alignment.CLOCK
    hours: OpeningHours | None = None
    notice: timedelta = timedelta()
    buffers: Buffers = NO_BUFFERS
    most_a_day: int | None = None

    @property
    def reach(self) -> tuple[int, int]:
        """How far before a start and after it an expert must be free, in microseconds."""
        return self.buffers.before // MICROSECOND, (self.length + self.buffers.after) // MICROSECOND


@dataclass(frozen=True, kw_only=True)
class Starts:
    """Starts in order, in microseconds since 1970. `by_day` are the places of those on the same day: one day may have
    several rows. `stretches` are all of these days."""

    wanted: WantedTimes
    at: Sequence[int]
    by_day: Sequence[tuple[date, int, int]]
    stretches: Sequence[Stretch]

    @property
    def in_question(self) -> Interval:
        """What has to be known of an expert's time, where there is a start."""
        back, forth = self.wanted.reach
        earliest, latest = self.at[0] - back, self.at[-1] + forth
        if self.wanted.most_a_day is not None:
            begins, ends = self._days_of(self.at[0], self.at[-1])
            earliest, latest = min(earliest, begins), max(latest, ends)
        return Interval(instant(earliest), instant(latest))

    @cached_property
    def needed(self) -> Spans:
        """The time around the starts of each day: what is busy elsewhere is in no start's way."""
        back, forth = self.wanted.reach
        return Spans.between(
            [self.at[first] - back for _, first, _ in self.by_day],
            [self.at[after - 1] + forth for _, _, after in self.by_day],
        )

    def on_full_days(self, booked: Iterable[BookedTime]) -> list[Span]:
        """Places of starts on days on which these are as many sessions as an expert takes."""
        if self.wanted.most_a_day is None:
            return []
        sessions = Counter(day_at(self.stretches, micros(one.interval.start)) for one in booked)
        return [
            (first, after) for day, first, after in self.by_day if sessions[day] >= self.wanted.most_a_day
        ]

    def _days_of(self, *starts: int) -> Span:
        days = {day_at(self.stretches, one) for one in starts}
        theirs = [one for one in self.stretches if one.day in days]
        return min(one.start for one in theirs), max(one.end for one in theirs)


def starts_of(wanted: WantedTimes, *, not_before: int, experts: int) -> Starts:
    """All that come into question for so many experts, from `not_before` on. Raises TooManyStarts."""
    start, end = as_span(wanted.window)
    earliest, length = max(start, not_before), wanted.length // MICROSECOND
    stretches = stretches_of(wanted.zone, (start - 2 * DAY, end + 2 * DAY)) if earliest < end else []
    is_open = Spans((start, end)) if wanted.hours is None else open_time(wanted.hours, stretches)
    at: list[int] = []
    by_day: list[tuple[date, int, int]] = []
    for opens, closes in zip(is_open.edges[::2], is_open.edges[1::2], strict=True):
        first, last = max(opens, earliest), min(closes, end) - length
        for stretch in _between(stretches, first, last):
            found = len(at)
            at += _steps(wanted, stretch, max(first, stretch.start), min(last, stretch.end - 1))
            if len(at) * experts > MOST_STARTS:
                raise TooManyStarts(limit=MOST_STARTS)
            if len(at) > found:
                by_day.append((stretch.day, found, len(at)))
    return Starts(wanted=wanted, at=at, by_day=by_day, stretches=stretches)


def _between(stretches: Sequence[Stretch], first: int, last: int) -> Sequence[Stretch]:
    """Those that have an instant from `first` to `last`, both included."""
    if first > last:
        return ()
    begin = bisect_right(stretches, first, key=lambda one: one.end)
    return stretches[begin : bisect_right(stretches, last, key=lambda one: one.start)]


def _steps(wanted: WantedTimes, stretch: Stretch, first: int, last: int) -> range:
    """The starts from `first` to `last`, both in the stretch."""
    step = wanted.step // MICROSECOND
    origin = stretch.midnight if wanted.alignment is Alignment.CLOCK else micros(wanted.window.start)
    return range(first + (origin - first) % step, last + 1, step)


def spans_meeting(needed: Spans, edges: Sequence[int]) -> Sequence[int]:
    """Those of the spans that share an instant with what is needed, as edges: spans are disjoint and in order."""
    found: list[int] = []
    begin = 0
    for low, high in zip(needed.edges[::2], needed.edges[1::2], strict=True):
        first = max(bisect_right(edges, low) // 2 * 2, begin)
        begin = max((bisect_left(edges, high) + 1) // 2 * 2, first)
        found += edges[first:begin]
    return found


def taken_places(at: Sequence[int], edges: Sequence[int], reach: tuple[int, int]) -> list[Span]:
    """Places of the starts that disjoint spans in order leave no room for.

    A start is taken if what must be free around it shares an instant with a span.
    """
    back, forth = reach
    firsts = [bisect_right(at, start - forth) for start in edges[::2]]
    afters = [bisect_left(at, end + back) for end in edges[1::2]]
    return [(first, after) for first, after in zip(firsts, afters, strict=True) if first < after]
