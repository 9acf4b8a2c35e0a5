#!/usr/bin/env bash
# recurring-ical-events drops occurrences that nobody removed: those whose UTC clock reads like the local clock of an EXDATE.
#
# An EXDATE removes the occurrence that starts at that instant (RFC 5545, section 3.8.5.1), and 09:00 in Berlin is another
# instant than 10:00. recurring-ical-events 3.8.2 keeps two keys of each, the clock in UTC and the clock in the zone, both
# without their zone, and takes two occurrences for one as soon as any key of the one is among those of the other. In winter,
# 10:00 in Berlin is 09:00 in UTC. So of a series at 09, 10 and 11 o'clock whose 09:00 was removed, 10:00 is gone too; in
# summer it's 11:00. A weekly series at 10:00 loses the week of a leftover EXDATE at 09:00, which is no time of the series.
# RECURRENCE-ID has the same two keys: when the 09:00 is moved to the afternoon, the 10:00 goes too.
# Whoever computes free time from it offers a time that is taken.
#
# Prints what it sees, and fails when that is something else.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check \
    "recurring-ical-events==3.8.2" "icalendar==7.3.2" "tzdata==2026.1" 2>/dev/null
"$work/venv/bin/python" - <<'PY'
import datetime
import importlib.metadata
import sys

import icalendar
import recurring_ical_events

MOVED = """BEGIN:VEVENT
UID:series@example.org
DTSTAMP:20260101T000000Z
RECURRENCE-ID;TZID=Europe/Berlin:{day}T090000
DTSTART;TZID=Europe/Berlin:{day}T150000
DTEND;TZID=Europe/Berlin:{day}T160000
END:VEVENT
"""


def seen(day, hours, exdate="", moved=""):
    """The hours in Berlin at which the series starts on that day."""
    calendar = icalendar.Calendar.from_ical(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n"
        "BEGIN:VEVENT\nUID:series@example.org\nDTSTAMP:20260101T000000Z\n"
        f"DTSTART;TZID=Europe/Berlin:20260105T{hours[:2]}0000\nDTEND;TZID=Europe/Berlin:20260105T{hours[:2]}5000\n"
        f"RRULE:FREQ=DAILY;BYHOUR={hours}\n{exdate}END:VEVENT\n{moved}END:VCALENDAR\n"
    )
    found = recurring_ical_events.of(calendar).at(datetime.date.fromisoformat(day))
    return sorted(event["DTSTART"].dt.hour for event in found)


def removed(day):
    return f"EXDATE;TZID=Europe/Berlin:{day.replace('-', '')}T090000\n"


cases = {  # what was tried: (what is seen, what the RFC says, what the library says)
    "09, 10, 11 on 14 Jan, none removed": (seen("2026-01-14", "09,10,11"), [9, 10, 11], [9, 10, 11]),
    "09, 10, 11 on 14 Jan, 09 removed": (seen("2026-01-14", "09,10,11", removed("2026-01-14")), [10, 11], [11]),
    "09, 10, 11 on 15 Jul, 09 removed": (seen("2026-07-15", "09,10,11", removed("2026-07-15")), [10, 11], [10]),
    "10 on 14 Jan, an EXDATE at 09 left": (seen("2026-01-14", "10", removed("2026-01-14")), [10], []),
    "09, 10, 11 on 14 Jan, 09 moved to 15": (
        seen("2026-01-14", "09,10,11", moved=MOVED.format(day="20260114")), [10, 11, 15], [11, 15]
    ),
}
print("recurring-ical-events", importlib.metadata.version("recurring-ical-events"))
for tried, (found, right, _) in cases.items():
    print(f"{tried:38} starts at {found!s:12} should be {right}")
sys.exit(any(found != known for found, _, known in cases.values()))
PY
