"""Run by the Python of another environment: events as icalendar and recurring-ical-events read them.

In comes JSON with texts and a window, out goes JSON with the milliseconds each takes, and how many times it finds.
"""

import json
import sys
import time
from datetime import UTC, datetime

import icalendar
import recurring_ical_events

REPEATS = 20


def main() -> None:
    asked = json.load(sys.stdin)
    start, end = (datetime.fromisoformat(asked[edge]) for edge in ("start", "end"))
    found = {name: len(_read(text, start, end)) for name, text in asked["texts"].items()}
    took = {name: _milliseconds(text, start, end) for name, text in asked["texts"].items()}
    json.dump({"found": found, "ms": took}, sys.stdout)


def _milliseconds(text: str, start: datetime, end: datetime) -> float:
    started = time.process_time()
    for _ in range(REPEATS):
        _read(text, start, end)
    return (time.process_time() - started) / REPEATS * 1e3


def _read(text: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    events = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(start, end)
    return [(event["DTSTART"].dt.astimezone(UTC), event["DTEND"].dt.astimezone(UTC)) for event in events]


if __name__ == "__main__":
    main()
