"""Time zones in iCalendar: a VTIMEZONE for each zone that an event names."""

import calendar
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Final

from sandbox.icloud.calendar_text import Component, Line
from sandbox.world.zones import to_instant

_STEP: Final = timedelta(hours=1)
_STAMP: Final = "%Y%m%dT%H%M%S"
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@cache
def component_of(name: str, zone: tzinfo, year: int) -> Component:
    """The rules of a zone as they are around a year, under a name."""
    found = _transitions(zone, year - 1)
    parts = [_observance(zone, change, yearly=True) for change in found]
    if not parts:
        parts = [_observance(zone, datetime(1970, 1, 1, tzinfo=UTC), yearly=False)]
    return Component("VTIMEZONE", [Line("TZID", name)], parts)


def _transitions(zone: tzinfo, year: int) -> list[datetime]:
    """The first hours of a new offset in a year."""
    found, hour = [], datetime(year, 1, 1, tzinfo=UTC)
    before = hour.astimezone(zone).utcoffset()
    while hour.year == year:
        # A day at a time, then by the hour on a day when the offset changes.
        step = timedelta(days=1)
        if (hour + step).astimezone(zone).utcoffset() != before:
            while hour.astimezone(zone).utcoffset() == before:
                hour += _STEP
            before = hour.astimezone(zone).utcoffset()
            found.append(hour)
        hour += step
    return found


def _observance(zone: tzinfo, change: datetime, *, yearly: bool) -> Component:
    after = change.astimezone(zone)
    before = (change - _STEP).astimezone(zone)
    # Where nothing ever changes, any day in the past will do.
    wall = (change + (before.utcoffset() or timedelta())).replace(tzinfo=None)
    lines = [
        Line("DTSTART", wall.strftime(_STAMP)),
        Line("TZOFFSETFROM", _offset(before.utcoffset())),
        Line("TZOFFSETTO", _offset(after.utcoffset())),
        Line("TZNAME", after.tzname() or "LMT"),
    ]
    if yearly:
        lines.append(Line("RRULE", f"FREQ=YEARLY;BYMONTH={wall.month};BYDAY={_day(wall)}"))
    return Component("DAYLIGHT" if after.dst() else "STANDARD", lines)


def _day(wall: datetime) -> str:
    """Which weekday of its month a day is, from the end in the last week."""
    is_last = wall.day + 7 > calendar.monthrange(wall.year, wall.month)[1]
    return f"{-1 if is_last else (wall.day - 1) // 7 + 1}{_DAYS[wall.weekday()]}"


def _offset(offset: timedelta | None) -> str:
    minutes = int((offset or timedelta()).total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"


def utc_stamp(wall: datetime, zone: tzinfo) -> str:
    """A wall-clock time as an instant."""
    return to_instant(wall, zone).strftime(_STAMP + "Z")
