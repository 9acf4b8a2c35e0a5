"""What an event costs on the way from a provider's JSON to the value a reading is stored as, for few and for many."""

import gc
import json
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from adapters.google.entries import entry_from_google
from adapters.graph.client import items_in
from adapters.graph.entries import entry_from_graph
from adapters.postgres.spans import spans_to_value
from bench.people import FIRST_DAY
from bench.table import markdown
from domain.blocking import CalendarEntry, busy_time
from domain.interval import Interval

COUNTS = (100, 1_000, 10_000, 100_000)
REPEATS = 5
MEASURED_EVENTS = 10_000
"""At least so many in each repeat, or the clock's own noise would count."""
WINDOW = Interval(FIRST_DAY, FIRST_DAY + timedelta(days=366))
EXPERTS_ZONE = ZoneInfo("Europe/Berlin")
HEAD = ("events", "Microsoft's, µs", "Google's, µs", "Google's of Microsoft's")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wire:
    """How a provider sends events: `page` of them at most, in the list `member`, each as `event` makes it."""

    page: int
    member: str
    event: Callable[[int, datetime], dict[str, Any]]
    entries: Callable[[Mapping[str, Any]], Iterator[CalendarEntry]]


def cost_table() -> str:
    """Microseconds of processor time an event, for each count of events a calendar: median of five.

    The collector's work is counted as far as events cause it. What the bench has loaded is none of theirs.
    """
    lines = []
    gc.collect()
    gc.freeze()
    for events in COUNTS:
        graph, google = _cost(_GRAPH, events), _cost(_GOOGLE, events)
        lines.append((f"{events:,}", f"{graph:.1f}", f"{google:.1f}", f"{google / graph:.2f}"))
    gc.unfreeze()
    return markdown([HEAD, *lines])


def _cost(wire: _Wire, events: int) -> float:
    pages = _pages(wire, events)
    calendars = max(MEASURED_EVENTS // events, 1)
    took = statistics.median(_time(wire, pages, calendars) for _ in range(REPEATS))
    return took / (calendars * events) * 1e6


def _time(wire: _Wire, pages: Sequence[str], calendars: int) -> float:
    started = time.process_time()
    for _ in range(calendars):
        entries = [entry for page in pages for entry in wire.entries(json.loads(page))]
        assert spans_to_value(busy_time(entries, window=WINDOW, zone=EXPERTS_ZONE, tentative_blocks=False))
    return time.process_time() - started


def _pages(wire: _Wire, events: int) -> list[str]:
    """As they come for our selection, the times spread over a year and partly overlapping."""
    every = timedelta(days=360) / events
    return [
        json.dumps(
            {
                wire.member: [
                    wire.event(number, FIRST_DAY + number * every)
                    for number in range(first, min(first + wire.page, events))
                ]
            }
        )
        for first in range(0, events, wire.page)
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


def google_event(number: int, start: datetime) -> dict[str, Any]:
    """The same at Google; every third is an invitation."""
    first = start.replace(microsecond=0, tzinfo=None)
    event: dict[str, Any] = {
        "id": f"{number:026}",
        "status": "confirmed",
        "start": {"dateTime": f"{first.isoformat()}Z"},
        "end": {"dateTime": f"{(first + timedelta(minutes=45)).isoformat()}Z"},
        "eventType": "default",
    }
    if number % 5 == 0:
        event["transparency"] = "transparent"
    if number % 3 == 0:
        event["attendees"] = [{"self": True, "responseStatus": "accepted"}]
    return event


def _graph_entries(page: Mapping[str, Any]) -> Iterator[CalendarEntry]:
    return (entry_from_graph(event) for event in items_in(page))


def _google_entries(page: Mapping[str, Any]) -> Iterator[CalendarEntry]:
    return (entry for event in page["items"] if (entry := entry_from_google(event)) is not None)


_GRAPH = _Wire(page=1_000, member="value", event=graph_event, entries=_graph_entries)
_GOOGLE = _Wire(page=2_500, member="items", event=google_event, entries=_google_entries)
