"""Entries of a calendar as iCalendar text, for servers that keep what they are given."""

from datetime import UTC, datetime
from typing import Final

from domain.blocking import CalendarEntry, Days, FloatingTimes, Instants, ShowAs, UnplacedTimes, When
from domain.interval import Interval
from domain.session_details import EventColor
from sandbox.icloud.calendar_text import Component, Line, write

_NOBODYS_ZONE: Final = ";TZID=Nobody/Knows"
_SHOWN: Final = {
    ShowAs.FREE: Line("TRANSP", "TRANSPARENT"),
    ShowAs.TENTATIVE: Line("STATUS", "TENTATIVE"),
    ShowAs.BUSY: Line("TRANSP", "OPAQUE"),
    ShowAs.OUT_OF_OFFICE: Line("X-MICROSOFT-CDO-BUSYSTATUS", "OOF"),
    ShowAs.WORKING_ELSEWHERE: Line("X-MICROSOFT-CDO-BUSYSTATUS", "WORKINGELSEWHERE"),
}


def sayable(entry: CalendarEntry) -> bool:
    """Whether iCalendar has words for it: it has none for an unknown status, and marks are in the UIDs of our own."""
    return entry.show_as in _SHOWN and entry.mark is None


def text_of(entry: CalendarEntry, uid: str, *, owner: str) -> str:
    """The entry of a calendar whose owner is invited under this address."""
    told = [*times_of(entry.when), Line("STATUS", "CANCELLED") if entry.cancelled else _SHOWN[entry.show_as]]
    if entry.declined:
        host = Line("ORGANIZER", "mailto:nora@rival.example.com")
        told += [host, Line("ATTENDEE", f"mailto:{owner}", ";PARTSTAT=DECLINED")]
    return _calendar(uid, *told)


def daily_text(first: Interval, uid: str, *, days: int) -> str:
    """A busy series."""
    return _calendar(
        uid, *times_of(Instants(first.start, first.end)), Line("RRULE", f"FREQ=DAILY;COUNT={days}")
    )


def times_of(when: When) -> tuple[Line, Line]:
    """Its two lines."""
    match when:
        case Instants(start, end):
            return Line("DTSTART", _utc(start)), Line("DTEND", _utc(end))
        case Days(first, after_last):
            day = ";VALUE=DATE"
            return Line("DTSTART", f"{first:%Y%m%d}", day), Line("DTEND", f"{after_last:%Y%m%d}", day)
        case FloatingTimes(start, end):
            return Line("DTSTART", _wall(start)), Line("DTEND", _wall(end))
        case UnplacedTimes(start, end):
            return Line("DTSTART", _wall(start), _NOBODYS_ZONE), Line("DTEND", _wall(end), _NOBODYS_ZONE)


def _calendar(uid: str, *lines: Line) -> str:
    named = (Line("UID", uid), Line("DTSTAMP", "20310101T000000Z"), Line("SUMMARY", "Private"))
    head = [Line("VERSION", "2.0"), Line("PRODID", "-//Somebody//EN")]
    return write(Component("VCALENDAR", head, [Component("VEVENT", [*named, *lines])]))


def _utc(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y%m%dT%H%M%S}Z"


def _wall(time: datetime) -> str:
    return f"{time:%Y%m%dT%H%M%S}"


CSS_COLORS: Final = {
    "lightsteelblue": EventColor.PALE_BLUE,
    "mediumaquamarine": EventColor.PALE_GREEN,
    "plum": EventColor.MAUVE,
    "salmon": EventColor.PALE_RED,
    "gold": EventColor.YELLOW,
    "orange": EventColor.ORANGE,
    "turquoise": EventColor.CYAN,
    "gray": EventColor.GRAY,
    "royalblue": EventColor.BLUE,
    "green": EventColor.GREEN,
    "crimson": EventColor.RED,
}


def css_name(color: EventColor | None) -> str:
    """Empty for none."""
    return next((name for name, one in CSS_COLORS.items() if one is color), "")
