"""Calendars of one event, and the window that tests look at."""

from datetime import UTC, datetime

from domain.interval import Interval

WINDOW = Interval(datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 12, 14, tzinfo=UTC))


def calendar(*lines: str, zone: str = "", uid: str = "one") -> str:
    """`zone` is a VTIMEZONE."""
    event = ["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"]
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", *([zone] if zone else []), *event, "END:VCALENDAR", ""]
    )
