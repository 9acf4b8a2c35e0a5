"""The occurrences of a series: rules and dates, without those left out or replaced.

Occurrences are told by their instants in UTC and nothing else. Calendars write a moved occurrence in UTC and its series
in a zone; whoever compares two clocks takes the 9 o'clock of London for the 9 o'clock of Berlin.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.caldav.content_lines import Line
from adapters.caldav.events import Event, Series
from adapters.caldav.moments import EARLIEST, LATEST, Clock, Length, Moment, Odd, moment_from
from adapters.caldav.occurrences import ANY_PLACE, length_between
from adapters.caldav.rules import Rule, starts
from adapters.caldav.work import Work
from domain.interval import Interval

Key = tuple[Clock | None, datetime]
_DAY: Final = timedelta(days=1)
_NO_SHIFT: Final = timedelta()
MOST_OCCURRENCES: Final = 20_000
"""Inside one window: one every two minutes, over a month. A series with more is odd."""

_STEPS_OF_AN_OCCURRENCE: Final = 4
"""What becomes an entry is kept as well."""
_CHANGES_A_STEP: Final = 16
"""So many changes of later occurrences are looked through in the time of a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """`key` is which one it is, `event` what says how it blocks."""

    key: Key
    start: Moment
    end: Moment | Length | None
    event: Event


@dataclass(frozen=True, slots=True)
class _Later:
    """A change of one occurrence and all after it: by how much they move, and what they become."""

    since: Key
    shift: timedelta
    event: Event
    length: Length | None


def occurrences(
    event: Event, series: Series, replaced: Sequence[Event], window: Interval, work: Work
) -> Iterator[Occurrence]:
    """Those that may touch the window, and some beside it; without the replaced ones, which are events themselves.

    Raises Odd where the series can't be told.
    """
    length = length_between(event.start, event.end)
    later = sorted((_later(event, one) for one in replaced if one.and_later), key=lambda one: one.since[1])
    gone = {one.replaces.key for one in replaced if one.replaces is not None} | series.without
    margin = _margin(length, later)
    weight = _STEPS_OF_AN_OCCURRENCE + len(later) // _CHANGES_A_STEP
    seen: set[Key] = set()
    for start, end in _all(event, series, length, _around(window, margin), work):
        key = start.key
        if key in gone or key in seen:
            continue
        seen.add(key)
        work.spend(weight)
        if len(seen) > MOST_OCCURRENCES:
            raise Odd
        yield _changed(key, start, end, event, later)


def _all(
    event: Event, series: Series, length: Length | None, around: tuple[datetime, datetime], work: Work
) -> Iterator[tuple[Moment, Moment | Length | None]]:
    """The first one belongs to a series whether or not the rule hits it; dates may have lengths of their own."""
    first = event.start
    for at, own_end in series.dates:
        like_it = isinstance(at.clock, Clock) == isinstance(first.clock, Clock) and at.clock is not Clock.DAY
        yield at, own_end or (length if like_it or at.clock is first.clock else None)
    yield first, length
    for rule in series.rules:
        for wall in starts(rule, first.wall, _until(rule, first), *around, work):
            yield Moment(wall, first.clock), length


def _until(rule: Rule, first: Moment) -> datetime:
    """The last wall-clock time of a rule that has an end.

    A date means all of that day, also in a series of times, where it is invalid but common. An instant in a series of
    days is as invalid, and may be midnight anywhere: the last day that it may mean counts. Raises Odd.
    """
    if rule.until is None:
        return LATEST
    until = moment_from(rule.until, Line(rule.until), lambda _name: None)
    if until.clock is Clock.DAY or first.clock is Clock.DAY:
        last = until.wall + ANY_PLACE if until.clock is UTC else until.wall
        return datetime(last.year, last.month, last.day, 23, 59, 59)  # noqa: DTZ001 - a wall clock
    if until.clock is not UTC:
        return until.wall
    there = until.on(first.clock)
    # An instant for a clock of nobody knows where: as late as it may mean.
    return until.wall + ANY_PLACE if there is None else there.wall


def _around(window: Interval, margin: timedelta) -> tuple[datetime, datetime]:
    """The wall-clock times that may be in the window at some place on earth."""
    begin, end = window.start.replace(tzinfo=None), window.end.replace(tzinfo=None)
    return begin - min(margin, begin - EARLIEST), end + min(margin, LATEST - end)


def _margin(length: Length | None, later: Iterable[_Later]) -> timedelta:
    """How far outside the window something may begin that reaches into it."""
    lengths = [one for one in (length, *(each.length for each in later)) if one is not None]
    longest = max((abs(one.wall) + abs(one.exact) for one in lengths), default=_NO_SHIFT)
    return longest + max((abs(one.shift) for one in later), default=_NO_SHIFT) + ANY_PLACE + 2 * _DAY


def _later(event: Event, change: Event) -> _Later:
    """Raises Odd where the two can't be compared."""
    assert change.replaces is not None
    was, now = change.replaces.on(event.start.clock), change.start.on(event.start.clock)
    if was is None or now is None:
        raise Odd
    length = length_between(change.start, change.end)
    return _Later(was.key, now.wall - was.wall, change, length)


def _changed(
    key: Key, start: Moment, end: Moment | Length | None, event: Event, later: Sequence[_Later]
) -> Occurrence:
    """As the last change before it says."""
    change = next((one for one in reversed(later) if one.since[0] is key[0] and one.since[1] <= key[1]), None)
    if change is None:
        return Occurrence(key=key, start=start, end=end, event=event)
    moved = Moment(start.wall + change.shift, start.clock)
    return Occurrence(key=key, start=moved, end=change.length, event=change.event)
