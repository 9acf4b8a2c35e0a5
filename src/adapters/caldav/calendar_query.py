"""The question for the events of a calendar in a window (RFC 4791, section 7.8): their times, status and marks, by the
names of their properties."""

from datetime import UTC, datetime, timedelta
from typing import Final

from domain.interval import Interval

MARGIN: Final = timedelta(hours=14)
"""Servers place dates and floating times in UTC, and no place's clock is further from it."""

_EARLIEST, _LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
_PROPERTIES: Final = (
    "UID",
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "RDATE",
    "EXDATE",
    "RECURRENCE-ID",
    "STATUS",
    "TRANSP",
    "X-MICROSOFT-CDO-BUSYSTATUS",
    "ATTENDEE",
)
_NAMED: Final = (
    '<c:calendar-data><c:comp name="VCALENDAR"><c:prop name="VERSION"/><c:comp name="VEVENT">'
    + "".join(f'<c:prop name="{name}"/>' for name in _PROPERTIES)
    + '</c:comp><c:comp name="VTIMEZONE"><c:allprop/><c:allcomp/></c:comp></c:comp></c:calendar-data>'
)
_WHOLE: Final = "<c:calendar-data/>"


def query_for(window: Interval, *, names_properties: bool) -> bytes:
    """Wider than the window, since all-day and floating events are where the expert is.

    The filter for events is never left out, and no end of the range either: iCloud refuses such questions. There is no
    filter by property, since servers read those in ways of their own.
    """
    data = _NAMED if names_properties else _WHOLE
    start = window.start - min(MARGIN, max(window.start - _EARLIEST, timedelta()))
    end = window.end + min(MARGIN, max(_LATEST - window.end, timedelta()))
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
        f"<d:prop><d:getetag/>{data}</d:prop>"
        '<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">'
        f'<c:time-range start="{_printed(start)}" end="{_printed(end)}"/>'
        "</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"
    ).encode()


def _printed(at: datetime) -> str:
    """The whole second before it; beside the margin no other is needed."""
    plain = at.replace(tzinfo=None).isoformat(timespec="seconds")
    return f"{plain.replace('-', '').replace(':', '')}Z"
