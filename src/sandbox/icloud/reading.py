"""The text of an event's file, as the fields of an event."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from sandbox.icloud.calendar_text import Component, Line, parse, unescape
from sandbox.icloud.errors import not_found, refused_calendar
from sandbox.icloud.matching import instant
from sandbox.world.zones import find_zone

_DATE_LENGTH: Final = len("20261201")
_TRIGGER: Final = re.compile(r"-P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_COMMA: Final = re.compile(r"(?<!\\),")
_UID: Final = re.compile(r"^UID:(.+)$", re.MULTILINE)
_SHOW_AS: Final = {
    "OOF": "oof",
    "WORKINGELSEWHERE": "workingElsewhere",
    "FREE": "free",
    "TENTATIVE": "tentative",
}
_CLASS: Final = {"PRIVATE": "private", "CONFIDENTIAL": "confidential"}
_FIELDS: Final = frozenset(
    {
        "UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "LOCATION", "TRANSP", "STATUS",
        "CLASS", "CREATED", "LAST-MODIFIED", "X-MICROSOFT-CDO-BUSYSTATUS", "URL", "CATEGORIES", "COLOR",
    }
)  # fmt: skip
"""The lines whose meaning the fields of an event hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a file says: its UID, when it is, whom it invites, and everything else as fields of `Event`.

    `text` is the file itself where the fields can't say it all.
    """

    uid: str
    start: datetime | date
    end: datetime | date
    zone: str | None
    invited: int
    fields: dict[str, Any]
    text: str


def required(text: str) -> Stored:
    """What a client stores; raises DavError for what iCloud doesn't take."""
    try:
        calendar = parse(text)
    except ValueError:
        raise refused_calendar("valid-calendar-data") from None
    events = _events(calendar)
    for event in events:
        if event.get("DTSTAMP") is None or event.get("DTSTART") is None:
            raise refused_calendar("valid-calendar-data")
        if event.get("DTEND") is None:
            # ICloud says that it isn't there.
            raise not_found()
    try:
        return _stored(calendar, events, text)
    except ValueError:
        raise refused_calendar("valid-calendar-data") from None


def anything(text: str, now: datetime) -> Stored:
    """What iCloud holds already, however odd: times that can't be read become the present hour."""
    try:
        calendar = parse(text)
        return _stored(calendar, calendar.named("VEVENT"), text, is_odd=True)
    except (ValueError, IndexError):
        found = _UID.search(text)
        uid = found[1].strip() if found else ""
        return Stored(uid=uid, start=now, end=now, zone=None, invited=0, fields={}, text=text)


def _events(calendar: Component) -> list[Component]:
    kinds = {part.name for part in calendar.parts} - {"VTIMEZONE"}
    if calendar.name != "VCALENDAR" or calendar.get("METHOD") is not None:
        raise refused_calendar("valid-calendar-object-resource")
    if kinds != {"VEVENT"}:
        raise refused_calendar("supported-calendar-component")
    events = calendar.named("VEVENT")
    if len({event.text("UID") for event in events}) != 1 or not events[0].text("UID"):
        raise refused_calendar("valid-calendar-object-resource")
    return events


def _stored(calendar: Component, events: list[Component], text: str, *, is_odd: bool = False) -> Stored:
    event = events[0]
    start, zone = _when(event.get("DTSTART"))
    end, _ = _when(event.get("DTEND") or event.get("DTSTART"))
    plain = not is_odd and len(events) == 1 and _is_told(event)
    return Stored(
        uid=event.text("UID"),
        start=start,
        end=end,
        zone=zone,
        invited=len(event.all("ATTENDEE")),
        fields=_fields(event),
        text="" if plain else text,
    )


def _is_told(event: Component) -> bool:
    """Whether the fields of an event say everything that matters in it."""
    times = [line for line in event.lines if line.name in ("DTSTART", "DTEND")]
    placed = all(line.value.endswith("Z") or len(line.value) == _DATE_LENGTH for line in times)
    alarms = event.named("VALARM")
    simple = len(alarms) == len(event.parts) <= 1 and all(_minutes(alarm) is not None for alarm in alarms)
    return placed and simple and {line.name for line in event.lines} <= _FIELDS


def _fields(event: Component) -> dict[str, Any]:
    alarms = [minutes for alarm in event.named("VALARM") if (minutes := _minutes(alarm)) is not None]
    return {
        "subject": event.text("SUMMARY"),
        "body": event.text("DESCRIPTION"),
        "body_type": "text",
        "location": event.text("LOCATION"),
        "show_as": _show_as(event),
        "cancelled": event.text("STATUS") == "CANCELLED",
        "sensitivity": _CLASS.get(event.text("CLASS"), "normal"),
        "categories": _categories(event),
        "color": event.text("COLOR"),
        "response": "organizer",
        "reminder_on": bool(alarms),
        "reminder_minutes": alarms[0] if alarms else 0,
        "recurrence": None,
        "attendees": [],
    }


def _categories(event: Component) -> list[str]:
    names = [name for line in event.all("CATEGORIES") for name in _COMMA.split(line.value)]
    return [unescape(name) for name in names if name]


def _show_as(event: Component) -> str:
    if event.text("TRANSP") == "TRANSPARENT":
        return "free"
    if event.text("STATUS") == "TENTATIVE":
        return "tentative"
    return _SHOW_AS.get(event.text("X-MICROSOFT-CDO-BUSYSTATUS"), "busy")


def _minutes(alarm: Component) -> int | None:
    """How long before the start an alarm rings; None for any other kind of trigger."""
    match = _TRIGGER.fullmatch(alarm.text("TRIGGER"))
    if match is None:
        return None
    days, hours, minutes = (int(one or 0) for one in match.groups())
    return (days * 24 + hours) * 60 + minutes


def _when(line: Line | None) -> tuple[datetime | date, str | None]:
    """A time and its zone, as `Events.add` takes them."""
    if line is None:
        raise ValueError("no time")
    if len(line.value) == _DATE_LENGTH:
        return datetime.strptime(line.value, "%Y%m%d").date(), None  # noqa: DTZ007 - a day
    name = line.parameter("TZID")
    if name is None and not line.value.endswith("Z"):
        return datetime.strptime(line.value, "%Y%m%dT%H%M%S"), None  # noqa: DTZ007 - a floating time
    if name is not None and find_zone(name) is None:
        return instant(Line(line.name, line.value.removesuffix("Z"))), "UTC"
    return instant(line).astimezone(UTC), name or "UTC"
