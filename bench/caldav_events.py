"""What an event costs on the way from iCalendar text to busy time, beside what two libraries take for it."""

import json
import statistics
import subprocess
import tempfile
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from adapters.caldav.entries import ResourceReader
from adapters.caldav.multistatus import MultistatusReader, Resource
from adapters.caldav.queried_events import QueriedEvents
from bench.builds import BuildMissing
from bench.table import markdown
from domain.blocking import CalendarEntry, busy_time
from domain.interval import Interval
from domain.spans import Spans

LIBRARIES: Final = ("icalendar==7.3.2", "recurring-ical-events==3.8.2")
ROUNDS: Final = 5
EVENTS: Final = 1_000
CHUNK: Final = 65_536
"""Bytes, as they come from a connection."""
MEASURED: Final = 200
"""Times that each resource is read in a round."""
WITHIN: Final = 120.0
"""Seconds for each step of the libraries' environment."""
WINDOW: Final = Interval(
    datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC) + timedelta(days=60)
)
EXPERTS_ZONE: Final = ZoneInfo("Europe/Berlin")
HEAD: Final = ("resource", "bytes", "busy times", "ms", "theirs, ms", "theirs of ours")
_ZONE: Final = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
DTSTART:19810329T020000
TZNAME:CEST
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
DTSTART:19961027T030000
TZNAME:CET
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
"""
_PLACES: Final[Mapping[str, str]] = {
    "a single event": "DTSTART;TZID=Europe/Berlin:20261203T090000\nDTEND;TZID=Europe/Berlin:20261203T100000\n",
    "weekly since 2020": "DTSTART;TZID=Europe/Berlin:20200107T090000\nDTEND;TZID=Europe/Berlin:20200107T100000\n"
    "RRULE:FREQ=WEEKLY\n",
    "weekly since 2020, 500 times": "DTSTART;TZID=Europe/Berlin:20200107T090000\n"
    "DTEND;TZID=Europe/Berlin:20200107T100000\nRRULE:FREQ=WEEKLY;COUNT=500\n",
    "daily since 2006": "DTSTART;TZID=Europe/Berlin:20060102T090000\nDTEND;TZID=Europe/Berlin:20060102T100000\n"
    "RRULE:FREQ=DAILY\n",
}


def caldav_table() -> str:
    """Milliseconds of processor time a resource, the median of the rounds in turn; a ratio is of the medians."""
    texts = {name: _resource(times) for name, times in _PLACES.items()}
    found = {name: len(_read(text)) for name, text in texts.items()}
    try:
        with _libraries() as python:
            rounds = [(_ours(texts), _theirs(python, texts)) for _ in range(ROUNDS)]
            if any(theirs["found"] != found for _, theirs in rounds):
                raise AssertionError("the libraries find other times")
            theirs = [theirs["ms"] for _, theirs in rounds]
    except BuildMissing as missing:
        rounds, theirs = [(_ours(texts), {}) for _ in range(ROUNDS)], []
        note = f"\n\nThe libraries are left out: {missing}."
    else:
        note = f"\n\nTheirs are {' and '.join(LIBRARIES)}, in an environment of their own."
    ours = [ours for ours, _ in rounds]
    lines = [_line(name, texts[name], found[name], ours, theirs) for name in texts]
    lines.append(_from_xml())
    return markdown([HEAD, *lines]) + note


def _line(
    name: str,
    text: str,
    found: int,
    ours: Sequence[Mapping[str, float]],
    theirs: Sequence[Mapping[str, float]],
) -> tuple[str, ...]:
    our = statistics.median(one[name] for one in ours)
    cells = (name, f"{len(text)}", f"{found}", f"{our:.3f}")
    if not theirs:
        return (*cells, "", "")
    their = statistics.median(one[name] for one in theirs)
    return (*cells, f"{their:.2f}", f"{their / our:.1f}")


def _from_xml() -> tuple[str, ...]:
    """An event of a thousand in one answer, with the XML around it, which the libraries know nothing of."""
    answer = _answer()
    busy = _read_answer(answer)
    took = []
    for _ in range(ROUNDS):
        started = time.process_time()
        _read_answer(answer)
        took.append((time.process_time() - started) / EVENTS * 1e3)
    name = f"one of {EVENTS:,}, from XML"
    return (name, f"{len(answer) // EVENTS}", f"{len(busy)}", f"{statistics.median(took):.3f}", "", "")


def _answer() -> bytes:
    """Single events, half an hour after one another."""
    responses = []
    for number in range(EVENTS):
        at = datetime(2026, 12, 1) + number * timedelta(minutes=30)  # noqa: DTZ001 - a wall clock
        responses.append(response_for(f"/1/calendars/home/{number}.ics", at))
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><multistatus xmlns="DAV:">{"".join(responses)}</multistatus>'
    )
    return body.encode()


def response_for(href: str, at: datetime) -> str:
    """The part of an answer that is about one event, a quarter of an hour at this time in Berlin."""
    start, end = (f"{edge:%Y%m%dT%H%M%S}" for edge in (at, at + timedelta(minutes=15)))
    one = _resource(f"DTSTART;TZID=Europe/Berlin:{start}\nDTEND;TZID=Europe/Berlin:{end}\n")
    return (
        f"<response><href>{href}</href><propstat><prop><getetag>&quot;1&quot;</getetag>"
        f'<calendar-data xmlns="urn:ietf:params:xml:ns:caldav">{escape(one)}</calendar-data></prop>'
        "<status>HTTP/1.1 200 OK</status></propstat></response>"
    )


def _read_answer(answer: bytes) -> Spans:
    reader = ResourceReader(window=WINDOW)
    events = QueriedEvents(path="/1/calendars/home/", reader=reader)
    entries: list[CalendarEntry] = []

    def take(resource: Resource) -> None:
        if (found := events(resource)) is not None:
            entries.extend(found.entries)

    xml = MultistatusReader(take, largest_bytes=len(answer), most_resources=EVENTS)
    for start in range(0, len(answer), CHUNK):
        xml.feed(answer[start : start + CHUNK])
    xml.close()
    return busy_time(entries, window=WINDOW, zone=EXPERTS_ZONE, tentative_blocks=False)


def _resource(times: str) -> str:
    """As a server sends it that takes no notice of which properties are asked for."""
    return (
        f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example//Calendar 1.0//EN\n{_ZONE}BEGIN:VEVENT\n"
        f"UID:6E8E1D4C-3A66-4A7C-9F0E-2A0C7D6F1B11\nDTSTAMP:20261101T080000Z\nSUMMARY:Coffee with the neighbours\n"
        f"{times}SEQUENCE:0\nTRANSP:OPAQUE\nLOCATION:Kitchen\nEND:VEVENT\nEND:VCALENDAR\n"
    ).replace("\n", "\r\n")


def _read(text: str) -> Spans:
    entries = ResourceReader(window=WINDOW).entries(text, "event.ics", lambda _uid: None).entries
    return busy_time(entries, window=WINDOW, zone=EXPERTS_ZONE, tentative_blocks=False)


def _ours(texts: Mapping[str, str]) -> dict[str, float]:
    return {name: _milliseconds(text) for name, text in texts.items()}


def _milliseconds(text: str) -> float:
    started = time.process_time()
    for _ in range(MEASURED):
        _read(text)
    return (time.process_time() - started) / MEASURED * 1e3


def _theirs(python: Path, texts: Mapping[str, str]) -> dict[str, Any]:
    question = json.dumps({"texts": texts, "start": WINDOW.start.isoformat(), "end": WINDOW.end.isoformat()})
    script = Path(__file__).with_name("icalendar_events.py")
    answer = _run([str(python), str(script)], "the libraries can't read these events", question)
    read: dict[str, Any] = json.loads(answer)
    return read


@contextmanager
def _libraries() -> Iterator[Path]:
    """The Python of an environment that has them and nothing of ours, deleted in the end. Raises BuildMissing."""
    with tempfile.TemporaryDirectory(prefix="calendarsync-libraries-") as name:
        venv.create(name, with_pip=True)
        python = Path(name) / "bin" / "python"
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *LIBRARIES]
        _run(install, "they can't be installed")
        yield python


def _run(command: list[str], otherwise: str, question: str = "") -> str:
    try:
        return subprocess.run(
            command, input=question, check=True, capture_output=True, text=True, timeout=WITHIN
        ).stdout
    except (OSError, subprocess.SubprocessError):
        raise BuildMissing(otherwise) from None
