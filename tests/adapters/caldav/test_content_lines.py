"""Lines that tell times and status are kept; of everything else nothing is."""

import time
import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.caldav.content_lines import EVENT_LINES, CalendarText, address_key, read_lines
from adapters.caldav.entries import ResourceReader
from domain.blocking import Instants
from tests.adapters.caldav.builders import WINDOW, calendar
from tests.adapters.caldav.cases import cases

SECRET = "Dismissal of M. Mustermann"
TEXTS = [case.text for case in cases()]


def _kept(found: CalendarText) -> str:
    """All that was kept, as text, whatever `repr` leaves out."""
    kept = []
    for component in [*found.events, *found.zones, *(part for zone in found.zones for part in zone.parts)]:
        kept += [repr(component.answers)]
        for name, lines in component.lines.items():
            kept += [f"{name} {line.value} {dict(line.parameters)}" for line in lines]
    return "\n".join(kept)


def test_keeps_only_lines_of_the_list() -> None:
    found = read_lines(
        calendar(
            "DTSTART;TZID=Europe/Berlin:20261203T090000",
            f"SUMMARY:{SECRET}",
            f'DESCRIPTION;ALTREP="cid:{SECRET}":{SECRET}',
            f"LOCATION:{SECRET}",
            f"COMMENT:{SECRET}\r\n {SECRET}",
            f"X-APPLE-STRUCTURED-LOCATION;X-TITLE={SECRET}:geo:1,2",
            "BEGIN:VALARM",
            f"DESCRIPTION:{SECRET}",
            f"DURATION:{SECRET}",
            "END:VALARM",
        )
    )

    (event,) = found.events
    assert set(event.lines) == {"UID", "DTSTART"}
    assert SECRET not in _kept(found)


def test_keeps_of_an_attendee_nothing_but_an_own_answer() -> None:
    text = calendar(
        "ATTENDEE;CN=Max Mustermann;PARTSTAT=DECLINED:mailto:max@example.net",
        "ATTENDEE;CN=Jane Doe;PARTSTAT=ACCEPTED:mailto:Jane@Example.org",
        "ORGANIZER;CN=Max Mustermann:mailto:max@example.net",
    )

    found = read_lines(text, {address_key("mailto:jane@example.org")})

    assert found.events[0].answers == ["ACCEPTED"]
    assert not any(word in _kept(found).casefold() for word in ("max", "jane", "example", "declined"))
    assert read_lines(text).events[0].answers == []


def test_what_is_printed_of_the_lines_quotes_none() -> None:
    found = read_lines(calendar("DTSTART;TZID=Secret:20261203T090000"))

    assert "Secret" not in repr(found)
    assert "20261203" not in repr(found)


def test_keeps_of_a_zone_what_tells_its_offsets() -> None:
    found = read_lines(
        "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Mine\nX-LIC-LOCATION:Home\nBEGIN:STANDARD\nTZNAME:Home\n"
        "COMMENT:Home\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nDTSTART:19700101T000000\nEND:STANDARD\nEND:VTIMEZONE\n"
        "END:VCALENDAR\n"
    )

    assert "Home" not in _kept(found)
    assert found.odd  # with no event in it
    assert set(found.zones[0].parts[0].lines) == {"TZOFFSETFROM", "TZOFFSETTO", "DTSTART"}


@pytest.mark.parametrize("character", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\r"])
def test_only_a_line_feed_ends_a_line(character: str) -> None:
    found = read_lines(calendar(f"SUMMARY:{character}STATUS:CANCELLED{character}BEGIN:VALARM{character}x"))

    assert "STATUS" not in found.events[0].lines
    assert not found.odd


@pytest.mark.parametrize("fold", ["\r\n ", "\n ", "\n\t", "\r\r\n "])
def test_folded_lines_are_put_together(fold: str) -> None:
    text = calendar("DTSTART:20261203T090000Z", "DTEND:20261203T100000Z").replace(
        "1203T09", f"12{fold}03T{fold}09"
    )

    assert read_lines(text).events[0].lines["DTSTART"][0].value == "20261203T090000Z"


def test_parameters_may_hold_what_ends_them_elsewhere() -> None:
    found = read_lines(calendar('DTSTART;X-A="a;b:c";tzid="Europe/Berlin":20261203T090000'))

    (line,) = found.events[0].lines["DTSTART"]
    assert line.value == "20261203T090000"
    assert line.parameters == {"X-A": "a;b:c", "TZID": "Europe/Berlin"}


@given(st.binary(max_size=400))
def test_any_bytes_have_an_answer(raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")

    read = ResourceReader(window=WINDOW).entries(text, "x.ics", lambda _uid: None)

    assert read.odd
    assert read.entries


@given(
    st.sampled_from(TEXTS),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=4)), min_size=1, max_size=6),
)
def test_any_damage_has_an_answer(text: str, damages: list[tuple[float, bytes]]) -> None:
    raw = bytearray(text.encode())
    for place, replacement in damages:
        at = int(place * len(raw))
        raw[at : at + len(replacement) + 1] = replacement

    found = read_lines(raw.decode("utf-8", "replace"), {"expert@example.org"})
    read = ResourceReader(window=WINDOW).entries(raw.decode("utf-8", "replace"), "x.ics", lambda _uid: None)

    assert all(set(event.lines) <= EVENT_LINES for event in found.events)
    assert read.entries or not found.odd


def test_dates_have_an_end_to_their_work() -> None:
    dates = ",".join(["20261204T090000Z"] * 600_000)
    text = calendar("DTSTART:20261203T090000Z", "RRULE:FREQ=DAILY", f"EXDATE:{dates}")

    read = ResourceReader(window=WINDOW).entries(text, "x.ics", lambda _uid: None)

    since = datetime(2026, 12, 3, 9, tzinfo=UTC)
    assert (read.odd, [one.when for one in read.entries]) == (1, [Instants(since, WINDOW.end)])


def test_a_long_parameter_takes_no_more_memory_than_some_copies_of_it() -> None:
    text = calendar("DTSTART;A=" + "b" * 500_000 + ":20261203T090000Z")

    tracemalloc.start()
    try:
        read_lines(text)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 10 * len(text)


@pytest.mark.parametrize(
    "text",
    [
        "BEGIN:VCALENDAR\n" * 20_000,
        calendar("DTSTART" + ";A=b" * 60_000 + ":20261203T090000Z"),
        calendar("DTSTART" + ';A="' * 60_000 + ":20261203T090000Z"),
        calendar("EXDATE:" + "," * 200_000),
        calendar("SUMMARY:x" + "\r\n " * 80_000),
        calendar("RRULE:FREQ=DAILY;BYDAY=" + "MO," * 60_000),
        calendar("SUMMARY:" + "\r" * 200_000 + "x", "COMMENT:a", " b"),
        calendar("DTSTART:20261203T090000Z", "RRULE:FREQ=YEARLY;BYDAY=1MO" + ",MO" * 60_000),
        calendar(
            "DTSTART;TZID=Ours:20261203T090000",
            "EXDATE;TZID=Ours:" + ",".join(["20261204T090000"] * 20_000),
            zone="BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\nDTSTART:20200101T000000\nTZOFFSETFROM:+0100\n"
            "TZOFFSETTO:+0100\n" + "RDATE:\n" * 5_000 + "END:STANDARD\nEND:VTIMEZONE",
        ),
    ],
    ids=["nested", "parameters", "quotes", "commas", "folds", "days", "returns", "kinds of days", "zones"],
)
def test_long_text_takes_time_that_grows_with_it(text: str) -> None:
    started = time.process_time()

    ResourceReader(window=WINDOW).entries(text, "x.ics", lambda _uid: None)

    assert time.process_time() - started < 3


def test_the_corpus_is_read_without_a_word_of_its_titles() -> None:
    texts = [text for text in TEXTS if "Secret" in text]

    assert len(texts) > 100
    assert not any("Secret" in _kept(read_lines(text)) for text in texts)
