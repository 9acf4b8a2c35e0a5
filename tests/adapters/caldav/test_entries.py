"""What an entry carries beside its times: ids and marks."""

from datetime import UTC, datetime

import pytest

from adapters.caldav.entries import ResourceReader
from domain.blocking import FloatingTimes, Instants
from domain.ids import EventMark
from tests.adapters.caldav.builders import WINDOW, calendar

READER = ResourceReader(window=WINDOW)
MARK = EventMark("6b6a0a3e-6a1b-5c7e-9d5c-0f6c1f7a2b3c")
TIMES = ("DTSTART:20261203T090000Z", "DTEND:20261203T100000Z")


def _mark_of(uid: str) -> EventMark | None:
    return MARK if uid == MARK else None


def test_an_event_has_the_id_of_its_resource_and_the_mark_of_its_uid() -> None:
    (entry,) = READER.entries(calendar(*TIMES, uid=MARK), "a.ics", _mark_of).entries

    assert (entry.remote_id, entry.mark) == ("a.ics", MARK)


def test_the_events_of_others_have_no_mark() -> None:
    (entry,) = READER.entries(calendar(*TIMES), "a.ics", _mark_of).entries

    assert entry.mark is None


def test_an_event_without_a_uid_is_nobodys() -> None:
    text = calendar(*TIMES).replace("UID:one\r\n", "")

    (entry,) = READER.entries(text, "a.ics", lambda _uid: MARK).entries

    assert entry.mark is None


def test_each_occurrence_has_an_id_of_its_own_and_the_mark() -> None:
    """So that an event of ours that its owner made a series of leaves one time free at most."""
    entries = READER.entries(
        calendar(*TIMES, "RRULE:FREQ=DAILY;COUNT=3", uid=MARK), "a.ics", _mark_of
    ).entries

    assert [entry.mark for entry in entries] == [MARK] * 3
    assert len({entry.remote_id for entry in entries}) == 3
    assert "a.ics" not in {entry.remote_id for entry in entries}


def test_what_cannot_be_read_keeps_its_mark_and_blocks() -> None:
    read = READER.entries(calendar(*TIMES, "RRULE:FREQ=NEVER", uid=MARK), "a.ics", _mark_of)

    (entry,) = read.entries
    assert entry.mark == MARK
    assert entry.blocks(tentative=False)
    assert read.odd == 1


def test_an_event_in_utc_comes_in_utc() -> None:
    (entry,) = READER.entries(calendar(*TIMES), "a.ics", _mark_of).entries

    assert entry.when == Instants(datetime(2026, 12, 3, 9, tzinfo=UTC), datetime(2026, 12, 3, 10, tzinfo=UTC))


def test_a_floating_time_stays_one_until_the_experts_zone_is_known() -> None:
    text = calendar("DTSTART:20261203T090000", "DTEND:20261203T100000")

    (entry,) = READER.entries(text, "a.ics", _mark_of).entries

    assert entry.when == FloatingTimes(datetime(2026, 12, 3, 9), datetime(2026, 12, 3, 10))  # noqa: DTZ001


@pytest.mark.parametrize("day", ["20261128", "20261215"])
def test_what_cannot_touch_the_window_is_left_out(day: str) -> None:
    assert READER.entries(calendar(f"DTSTART;VALUE=DATE:{day}"), "a.ics", _mark_of).entries == ()


@pytest.mark.parametrize("day", ["20261129", "20261214"])
def test_a_day_that_touches_the_window_at_some_place_comes_along(day: str) -> None:
    assert len(READER.entries(calendar(f"DTSTART;VALUE=DATE:{day}"), "a.ics", _mark_of).entries) == 1


def test_a_fault_of_our_own_blocks_and_is_counted() -> None:
    def broken(_uid: str) -> EventMark | None:
        raise LookupError

    read = READER.entries(calendar(*TIMES), "a.ics", broken)

    assert [entry.when for entry in read.entries] == [Instants(WINDOW.start, WINDOW.end)]
    assert read.odd == 1
