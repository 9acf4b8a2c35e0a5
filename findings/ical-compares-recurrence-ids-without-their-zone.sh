#!/usr/bin/env bash
# ical compares RECURRENCE-ID without its zone, so a moved occurrence also stays where it was, or its neighbour goes.
#
# RECURRENCE-ID names the occurrence that starts at that instant; only its value type must be that of DTSTART (RFC 5545,
# section 3.8.4.4), so UTC and other zones are as good. ical 14.3.1, the library of Home Assistant's local calendars, drops
# the zone of a TZID and keeps the Z of UTC, and compares the digits. A name in UTC is never found, even in a series that
# is in UTC itself: the moved occurrence is there at both times, and a cancelled one stays. A name in another zone, which
# calendars write when an attendee sits there, hits whatever reads alike. Of a series at 10 and 11 o'clock in Berlin whose
# 11:00 was moved under the name of 10:00 in London, the 10:00 goes: a taken time looks free. EXDATE in UTC is understood.
#
# Prints what it sees, and fails when that is something else.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check "ical==14.3.1" "tzdata==2026.1" 2>/dev/null
"$work/venv/bin/python" - <<'PY'
import datetime
import importlib.metadata
import sys
import zoneinfo

from ical.calendar_stream import IcsCalendarStream
from ical.event import EventStatus

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
IN_BERLIN = ";TZID=Europe/Berlin:20260112T100000"
IN_UTC = ":20260112T090000Z"
DAY = datetime.datetime(2026, 1, 14, tzinfo=BERLIN)


def component(*lines):
    return ["BEGIN:VEVENT", "UID:series@example.org", "DTSTAMP:20260101T000000Z", "DURATION:PT30M", *lines, "END:VEVENT"]


def starts(start, changed=(), exdate=(), hours=""):
    """The hours in Berlin at which the series blocks 14 January."""
    series = component(f"DTSTART{start}", f"RRULE:FREQ=DAILY{hours}", *exdate)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", *series, *changed, "END:VCALENDAR", ""]
    calendar = IcsCalendarStream.calendar_from_ics("\r\n".join(lines))
    found = calendar.timeline_tz(BERLIN).overlapping(DAY, DAY + datetime.timedelta(days=1))
    return sorted(e.start.astimezone(BERLIN).hour for e in found if e.status != EventStatus.CANCELLED)


def moved(name):
    return component(f"RECURRENCE-ID{name}", "DTSTART;TZID=Europe/Berlin:20260114T150000")


def cancelled(name):
    return component(f"RECURRENCE-ID{name}", "DTSTART;TZID=Europe/Berlin:20260114T100000", "STATUS:CANCELLED")


ZONED, UTC, LONDON = ";TZID=Europe/Berlin:20260114T100000", ":20260114T090000Z", ";TZID=Europe/London:20260114T100000"
cases = {  # what was tried: (what is seen, what the RFC says, what the library says)
    "10 in Berlin, moved, named in Berlin": (starts(IN_BERLIN, moved(ZONED)), [15], [15]),
    "10 in Berlin, removed, EXDATE in UTC": (starts(IN_BERLIN, exdate=[f"EXDATE{UTC}"]), [], []),
    "10 in Berlin, moved, named in UTC": (starts(IN_BERLIN, moved(UTC)), [15], [10, 15]),
    "09 in UTC, moved, named in UTC": (starts(IN_UTC, moved(UTC)), [15], [10, 15]),
    "09 in UTC, cancelled, named in UTC": (starts(IN_UTC, cancelled(UTC)), [], [10]),
    "10, 11 in Berlin, 11 moved, named in London": (
        starts(IN_BERLIN, moved(LONDON), hours=";BYHOUR=10,11"), [10, 15], [11, 15]
    ),
}
print("ical", importlib.metadata.version("ical"))
for tried, (found, right, _) in cases.items():
    print(f"{tried:44} blocks Berlin's {found!s:9} should be {right}")
sys.exit(any(found != known for found, _, known in cases.values()))
PY
