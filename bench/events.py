"""What an event costs on the way from Graph's JSON to the value a reading is stored as, for few events and for many."""

import json
import statistics
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from adapters.graph.client import items_in
from adapters.graph.entries import entry_from_graph
from adapters.postgres.spans import spans_to_value
from bench.people import FIRST_DAY
from bench.table import markdown
from domain.blocking import busy_time
from domain.interval import Interval

COUNTS = (100, 1_000, 10_000, 100_000)
PAGE = 1_000
REPEATS = 3
MEASURED_EVENTS = 10_000
"""At least so many in each repeat, or the clock's own noise would count."""
WINDOW = Interval(FIRST_DAY, FIRST_DAY + timedelta(days=366))
EXPERTS_ZONE = ZoneInfo("Europe/Berlin")


def cost_table() -> str:
    """Microseconds an event, for each count of events a calendar: median of three."""
    lines = [(f"{events:,}", f"{_cost(events):.1f}") for events in COUNTS]
    return markdown([("events", "µs an event, from JSON to stored reading"), *lines])


def _cost(events: int) -> float:
    pages = _pages(events)
    calendars = max(MEASURED_EVENTS // events, 1)
    took = statistics.median(_time(pages, calendars) for _ in range(REPEATS))
    return took / (calendars * events) * 1e6


def _time(pages: Sequence[str], calendars: int) -> float:
    started = time.perf_counter()
    for _ in range(calendars):
        entries = [entry_from_graph(event) for page in pages for event in items_in(json.loads(page))]
        assert spans_to_value(busy_time(entries, window=WINDOW, zone=EXPERTS_ZONE, tentative_blocks=False))
    return time.perf_counter() - started


def _pages(events: int) -> list[str]:
    """As Graph sends them for our selection, the times spread over a year and partly overlapping."""
    every = timedelta(days=360) / events
    return [
        json.dumps(
            {
                "value": [
                    graph_event(number, FIRST_DAY + number * every)
                    for number in range(first, min(first + PAGE, events))
                ]
            }
        )
        for first in range(0, events, PAGE)
    ]


def graph_event(number: int, start: datetime) -> dict[str, Any]:
    """Three quarters of an hour in UTC; every fifth is no busy time."""
    first = start.replace(microsecond=0, tzinfo=None)
    return {
        "@odata.etag": 'W/"3c7BM6e5ik6fkYdlz2Yh3gAAAAAAXw=="',
        "id": f"AAMkAGI2TG93AAA{number:010}=",
        "start": {"dateTime": f"{first.isoformat()}.0000000", "timeZone": "UTC"},
        "end": {"dateTime": f"{(first + timedelta(minutes=45)).isoformat()}.0000000", "timeZone": "UTC"},
        "isAllDay": False,
        "showAs": "free" if number % 5 == 0 else "busy",
        "isCancelled": False,
        "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
        "transactionId": None,
    }
