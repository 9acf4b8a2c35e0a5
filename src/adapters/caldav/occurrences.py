"""From a start and an end, or a length, to what the domain calls the time of an entry."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from adapters.caldav.moments import Clock, Length, Moment, instant
from domain.blocking import Days, FloatingTimes, Instants, UnplacedTimes, When
from domain.interval import Interval

_DAY: Final = timedelta(days=1)
_NONE: Final = timedelta()
ANY_PLACE: Final = timedelta(hours=14)
"""How far a wall clock of nobody knows where may be from UTC."""


def when_of(start: Moment, end: Moment | Length | None) -> When:
    """Without an end a date is a day, and a time has no length (RFC 5545, 3.6.1)."""
    length = end or Length()
    if isinstance(length, Moment):
        return _until(start, length)
    wall_end = start.wall + length.wall + length.exact
    match start.clock:
        case Clock.DAY:
            return _days(start.wall, start.wall - (start.wall - wall_end) // _DAY * _DAY)
        case Clock.FLOATING:
            return FloatingTimes(start.wall, wall_end)
        case Clock.UNPLACED:
            return UnplacedTimes(start.wall, wall_end)
        case zone:
            begins = instant(start.wall, zone)
            ends = (instant(start.wall + length.wall, zone) if length.wall else begins) + length.exact
            return _forward(begins, ends, length.wall + length.exact)


def length_between(start: Moment, end: Moment | Length | None) -> Length | None:
    """What a series repeats, on the clock of its start, as all programs do."""
    if not isinstance(end, Moment):
        return end
    there = end.on(start.clock) or end
    return Length(wall=there.wall - start.wall)


def touches(when: When, window: Interval) -> bool:
    """Whether it may lie in the window, wherever the person is."""
    if isinstance(when, Instants):
        return min(when.start, when.end) <= window.end and window.start <= max(when.start, when.end)
    if isinstance(when, Days):
        one, other = _midnight(when.first), _midnight(when.after_last)
    else:
        one, other = when.start.replace(tzinfo=UTC), when.end.replace(tzinfo=UTC)
    return min(one, other) - ANY_PLACE <= window.end and window.start <= max(one, other) + ANY_PLACE


def _until(start: Moment, end: Moment) -> When:
    """Of a date and a time, or of clocks that can't be compared, nobody can say where they are."""
    if not isinstance(start.clock, Clock) and not isinstance(end.clock, Clock):
        begins, ends = instant(start.wall, start.clock), instant(end.wall, end.clock)
        return _forward(begins, ends, end.wall - start.wall if end.clock is start.clock else _NONE)
    if start.clock is Clock.DAY and end.clock is Clock.DAY:
        return _days(start.wall, end.wall)
    if start.clock is Clock.FLOATING and end.clock is Clock.FLOATING:
        return FloatingTimes(start.wall, end.wall)
    return UnplacedTimes(start.wall, end.wall)


def _forward(begins: datetime, ends: datetime, wall: timedelta) -> Instants:
    """Began in the hour that clocks jump over, it would end before it began."""
    if ends <= begins and wall > _NONE:
        return Instants(begins, begins + wall)
    return Instants(begins, ends)


def _days(start: datetime, end: datetime) -> Days:
    """Reversed ones cover what lies between them."""
    first, after_last = start.date(), end.date()
    if after_last < first:
        return Days(after_last, first + _DAY)
    return Days(first, max(after_last, first + _DAY))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
