"""What the clock of a zone shows: stretches of instants in which neither its date nor its offset from UTC changes."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from domain.spans import EPOCH, MICROSECOND, Span, instant

DAY: Final = timedelta(days=1) // MICROSECOND
PROBE: Final = DAY // 2
"""How far apart offsets are compared: no zone has changed its own twice within so short a time."""
KEPT: Final = 256
"""Zones with the days of a window: some 100 stretches each."""
EPOCH_DAY: Final = EPOCH.toordinal()


class Stretch(NamedTuple):
    """From `start` up to `end` the clock shows `day`; by its offset, that day begins at `midnight`, perhaps before.

    All in microseconds since 1970. A day in which the clock changes has two stretches, one that is left out has none.
    """

    day: date
    start: int
    end: int
    midnight: int


def stretches_of(zone: ZoneInfo, span: Span) -> Sequence[Stretch]:
    """All of the span, in order, from the beginning of its first day of UTC to the end of its last one."""
    start, end = span
    return _stretches(zone, (start // DAY * DAY, -(-end // DAY) * DAY))


@lru_cache(maxsize=KEPT)
def _stretches(zone: ZoneInfo, days: Span) -> Sequence[Stretch]:
    """Kept, since most questions are about the same days."""
    found = []
    for start, end, offset in _by_offset(zone, days):
        for number in range((start + offset) // DAY, (end - 1 + offset) // DAY + 1):
            midnight = number * DAY - offset
            day = date.fromordinal(EPOCH_DAY + number)
            found.append(Stretch(day, max(start, midnight), min(end, midnight + DAY), midnight))
    return tuple(found)


def day_at(stretches: Sequence[Stretch], at: int) -> date | None:
    """The date that the clock shows at an instant; None outside of the stretches."""
    place = bisect_right(stretches, at, key=lambda one: one.start) - 1
    return stretches[place].day if place >= 0 and at < stretches[place].end else None


def _by_offset(zone: ZoneInfo, span: Span) -> list[tuple[int, int, int]]:
    """Parts of the span with their offsets; there is one more than the clock changes in it."""
    start, end = span
    probes = [(at, _offset(zone, at)) for at in (*range(start, end, PROBE), end)]
    changes = [
        _change(zone, early, late) for (early, before), (late, after) in pairwise(probes) if before != after
    ]
    return [
        (begin, until, _offset(zone, begin))
        for begin, until in pairwise((start, *changes, end))
        if begin < until
    ]


def _change(zone: ZoneInfo, early: int, late: int) -> int:
    """The first instant that has the offset of `late`, where `early` has another one."""
    while late - early > 1:
        middle = (early + late) // 2
        if _offset(zone, middle) == _offset(zone, late):
            late = middle
        else:
            early = middle
    return late


def _offset(zone: ZoneInfo, at: int) -> int:
    return (instant(at).astimezone(zone).utcoffset() or timedelta()) // MICROSECOND
