"""Which events a time range finds, by RFC 4791's rules: days and floating times are taken in UTC."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from sandbox.icloud.calendar_text import Component, Line, parse
from sandbox.world.expansion import view
from sandbox.world.model import Event
from sandbox.world.zones import find_zone, to_instant

_DAY = timedelta(days=1)
_DATE_LENGTH = len("20261201")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """From `begin` on, before `end`; both in UTC."""

    begin: datetime
    end: datetime

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether a time lies in it, or reaches into it."""
        return start < self.end and (end > self.begin or (start == end and start >= self.begin))


def matches(event: Event, wanted: TimeRange, *, finds_rdates: bool) -> bool:
    """Whether a query over a time range finds an event or a series."""
    if event.icloud_text:
        return _text_matches(event.icloud_text, wanted, finds_rdates=finds_rdates)
    placed = _in_utc(event)
    return any(wanted.overlaps(one.start, one.end) for one in view([placed], wanted.begin, wanted.end))


def instant(line: Line) -> datetime:
    """When a line says; raises ValueError for what nobody can place."""
    value = line.value.strip()
    if len(value) == _DATE_LENGTH:
        return datetime.combine(datetime.strptime(value, "%Y%m%d").date(), time(), UTC)  # noqa: DTZ007
    wall = datetime.strptime(value.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - a time on the wall
    name = line.parameter("TZID")
    zone = UTC if name is None or value.endswith("Z") else find_zone(name)
    if zone is None:
        raise ValueError("a zone of its own")
    return to_instant(wall, zone)


def _in_utc(event: Event) -> Event:
    if not event.all_day:
        return event
    changed = {day: one and replace(one, zone="UTC") for day, one in event.exceptions.items()}
    return replace(event, zone="UTC", exceptions=changed)


def _text_matches(text: str, wanted: TimeRange, *, finds_rdates: bool) -> bool:
    try:
        events = parse(text).named("VEVENT")
        return any(_component_matches(one, wanted, finds_rdates=finds_rdates) for one in events)
    except (ValueError, OverflowError):
        # What can't be placed is found by every query.
        return True


def _component_matches(event: Component, wanted: TimeRange, *, finds_rdates: bool) -> bool:
    start = _line(event, "DTSTART")
    begin, length = instant(start), _length(event, start)
    if (rule := event.get("RRULE")) is not None:
        # A series is found from its first day to the last that its rule names: a few queries find it too often.
        return begin < wanted.end and _last(rule) + length + _DAY > wanted.begin
    if wanted.overlaps(begin, begin + length):
        return True
    dates = [
        Line("RDATE", one, line.parameters) for line in event.all("RDATE") for one in line.value.split(",")
    ]
    return finds_rdates and any(_rdate_matches(one, length, wanted) for one in dates)


def _rdate_matches(line: Line, length: timedelta, wanted: TimeRange) -> bool:
    begin = instant(replace(line, value=line.value.partition("/")[0]))
    return wanted.overlaps(begin, begin + length)


def _length(event: Component, start: Line) -> timedelta:
    """By DTEND; a DURATION is taken for a day, which finds more than it must."""
    if (end := event.get("DTEND")) is not None:
        return instant(end) - instant(start)
    is_day = len(start.value.strip()) == _DATE_LENGTH
    return _DAY if is_day or event.get("DURATION") is not None else timedelta()


def _last(rule: Line) -> datetime:
    for part in rule.value.upper().split(";"):
        if part.startswith("UNTIL="):
            return instant(Line("UNTIL", part.removeprefix("UNTIL=")))
    return datetime.max.replace(tzinfo=UTC) - 400 * _DAY


def _line(event: Component, name: str) -> Line:
    line = event.get(name)
    if line is None:
        raise ValueError(f"no {name}")
    return line
