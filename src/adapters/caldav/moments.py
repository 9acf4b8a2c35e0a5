"""Dates and times as iCalendar writes them: a wall clock, and whose it is."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum
from typing import Final

from adapters.caldav.content_lines import Line

EARLIEST, LATEST = datetime(2, 1, 1), datetime(9998, 12, 31, 23, 59, 59)  # noqa: DTZ001 - wall clocks
"""Beyond these, moving a time to another zone leaves the calendar."""

_MOMENT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[Tt](\d\d)(\d\d)(\d\d)([Zz])?)?", re.ASCII)
_DURATION: Final = re.compile(
    r"([+-])?P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,8})M)?(?:(\d{1,8})S)?)?",
    re.IGNORECASE | re.ASCII,
)


class Odd(Exception):
    """A value nobody can read. It quotes nothing."""


class Clock(Enum):
    """A wall clock that is no zone's."""

    DAY = "a date"
    FLOATING = "of whatever place the person is at"
    UNPLACED = "of a zone nobody can resolve"


@dataclass(frozen=True, slots=True)
class Moment:
    """What a clock shows; of a date, its midnight."""

    wall: datetime
    clock: tzinfo | Clock

    @property
    def key(self) -> tuple[Clock | None, datetime]:
        """Equal for the same moment however it is written: the instant in UTC, or the clock as it stands."""
        if isinstance(self.clock, Clock):
            return self.clock, self.wall
        return None, instant(self.wall, self.clock)

    def on(self, clock: tzinfo | Clock) -> "Moment | None":
        """The same moment on another clock; None where nobody can tell."""
        if clock is self.clock:
            return self
        if isinstance(clock, Clock) or isinstance(self.clock, Clock):
            return None
        return Moment(instant(self.wall, self.clock).astimezone(clock).replace(tzinfo=None, fold=0), clock)


@dataclass(frozen=True, slots=True)
class Length:
    """Days go by the wall clock, hours by exact time (RFC 5545, 3.3.6)."""

    wall: timedelta = timedelta()
    exact: timedelta = timedelta()


ZoneOf = Callable[[str], tzinfo | None]
"""From the name a resource gives a zone to the zone; None for one nobody can resolve."""


def instant(wall: datetime, zone: tzinfo) -> datetime:
    """In UTC. A time that the clocks jump over is read with the offset before the jump; of two equal ones the first."""
    if zone is UTC:
        return wall.replace(tzinfo=UTC)
    return wall.replace(tzinfo=zone).astimezone(UTC)


def moment_from(text: str, line: Line, zone_of: ZoneOf) -> Moment:
    """One of the values of a line. Raises Odd."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise Odd
    year, month, day, hour, minute, second, utc = found.groups()
    try:
        wall = datetime(int(year), int(month), int(day))  # noqa: DTZ001 - a wall clock
        if hour is not None:
            # A leap second is the next second's beginning.
            clock_time = timedelta(hours=int(hour), minutes=int(minute), seconds=int(second))
            if int(hour) > 23 or int(minute) > 59 or int(second) > 60:
                raise Odd
            wall += clock_time
    except (ValueError, OverflowError):
        raise Odd from None
    if not EARLIEST <= wall <= LATEST:
        raise Odd
    if hour is None:
        return Moment(wall, Clock.DAY)
    if line.parameters.get("VALUE", "").upper() == "DATE":
        return Moment(datetime(wall.year, wall.month, wall.day), Clock.DAY)  # noqa: DTZ001 - a date
    return Moment(wall, UTC if utc else _clock(line, zone_of))


def length_from(text: str) -> Length:
    """Raises Odd."""
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()[1:]):
        raise Odd
    weeks, days, hours, minutes, seconds = (int(one or 0) for one in found.groups()[1:])
    sign = -1 if found[1] == "-" else 1
    try:
        wall, exact = (
            timedelta(weeks=weeks, days=days),
            timedelta(hours=hours, minutes=minutes, seconds=seconds),
        )
    except OverflowError:
        raise Odd from None
    return Length(sign * wall, sign * exact)


def _clock(line: Line, zone_of: ZoneOf) -> tzinfo | Clock:
    name = line.parameters.get("TZID")
    if not name:
        return Clock.FLOATING
    return zone_of(name) or Clock.UNPLACED
