"""Whether the text of an event shows what was asked for: this very event, at these times."""

from datetime import datetime, timedelta
from typing import Final

from adapters.caldav.content_lines import Component, read_lines
from adapters.caldav.events import event_from
from adapters.caldav.moments import Odd, ZoneOf
from adapters.caldav.occurrences import when_of
from adapters.caldav.zones import ResourceZones
from domain.blocking import Instants
from domain.ids import EventMark
from domain.interval import Interval

_SAME: Final = timedelta(minutes=1)
"""Times closer than this are the same: a second is the finest that iCalendar has."""


def is_event_at(text: str, mark: EventMark, interval: Interval | None) -> bool:
    """Whether the event of this mark is in it, at these times if any are given."""
    found = read_lines(text)
    zone_of = ResourceZones(found.zones).named
    return any(
        _uid(one) == mark and (interval is None or _is_at(one, interval, zone_of))
        for one in found.events
        if "RECURRENCE-ID" not in one.lines
    )


def _uid(event: Component) -> str:
    lines = event.lines.get("UID", ())
    return lines[0].value if lines else ""


def _is_at(component: Component, interval: Interval, zone_of: ZoneOf) -> bool:
    try:
        event = event_from(component, zone_of)
    except Odd:
        return False
    when = when_of(event.start, event.end)
    if not isinstance(when, Instants):
        return False
    return _are_close(when.start, interval.start) and _are_close(when.end, interval.end)


def _are_close(one: datetime, other: datetime) -> bool:
    return abs(one - other) < _SAME
