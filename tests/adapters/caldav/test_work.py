"""What a whole calendar may take: beyond it the rest blocks, and is never free."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.caldav import zones
from adapters.caldav.entries import ResourceEntries, ResourceReader
from adapters.caldav.moments import Odd
from adapters.caldav.rules import rule_from, starts
from adapters.caldav.work import MOST_OF_A_READING, Work
from domain.blocking import Instants, UnplacedTimes
from tests.adapters.caldav.builders import WINDOW, calendar

FIRST = datetime(2006, 1, 2, 9)  # noqa: DTZ001 - a wall clock
LONG = (
    "DTSTART:20060102T090000Z",
    "DTEND:20060102T100000Z",
    "RRULE:FREQ=DAILY;COUNT=9000",
)
"""Has to be counted from its beginning: some 7,600 steps, and as many hits."""
SINGLE = ("DTSTART:20261203T090000Z", "DTEND:20261203T100000Z")
BLOCKED = Instants(WINDOW.start, WINDOW.end)
POSITIONS = ",".join(str(one) for one in (*range(1, 367), *range(-366, 0)))


def _read(reader: ResourceReader, *lines: str, uid: str = "one", zone: str = "") -> ResourceEntries:
    return reader.entries(calendar(*lines, uid=uid, zone=zone), "a.ics", lambda _uid: None)


def test_a_weekly_series_takes_next_to_nothing() -> None:
    work = Work()
    reader = ResourceReader(window=WINDOW, work=work)
    assert len(_read(reader, "DTSTART:20200106T090000Z", "RRULE:FREQ=WEEKLY").entries) == 2
    assert MOST_OF_A_READING - work.left < 40


def test_single_events_take_nothing() -> None:
    work = Work(0)
    assert _read(ResourceReader(window=WINDOW, work=work), *SINGLE).odd == 0
    assert work.left == 0


def test_what_is_left_over_when_the_work_is_done_blocks() -> None:
    reader = ResourceReader(window=WINDOW, work=Work(40_000))
    series = [_read(reader, *LONG) for _ in range(5)]
    assert [one.odd for one in series] == [0, 0, 1, 1, 1]
    assert [len(one.entries) for one in series] == [14, 14, 1, 1, 1]
    assert {entry.when for one in series[2:] for entry in one.entries} == {BLOCKED}
    assert all(entry.blocks(tentative=False) for one in series[2:] for entry in one.entries)
    assert _read(reader, *SINGLE).odd == 0, "what takes no steps is read all the same"


def test_a_reading_begins_with_all_of_it() -> None:
    first = ResourceReader(window=WINDOW)
    first.work.left = 0
    assert _read(first, *LONG).odd == 1
    assert _read(ResourceReader(window=WINDOW), *LONG).odd == 0


@pytest.mark.parametrize(
    "rule",
    [
        f"FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS={POSITIONS};COUNT=9000000",
        f"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS={POSITIONS};COUNT=9000000",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;INTERVAL=1",
    ],
)
def test_long_steps_count_for_several(rule: str) -> None:
    """Each of these would go on for seconds."""
    early, late = datetime(3, 1, 1), datetime(9000, 1, 1)  # noqa: DTZ001 - wall clocks
    with pytest.raises(Odd):
        list(starts(rule_from(rule), early, late, late - timedelta(days=1), late, Work(10_000)))


def test_thousands_of_changes_to_one_series_have_an_end() -> None:
    reader = ResourceReader(window=WINDOW, work=Work(10_000))
    master = ("BEGIN:VEVENT", "UID:a", "DTSTART:20261130T000000Z", "RRULE:FREQ=MINUTELY", "END:VEVENT")
    change = ("BEGIN:VEVENT", "UID:a", "RECURRENCE-ID;RANGE=THISANDFUTURE:{at}", "DTSTART:{at}", "END:VEVENT")
    start = datetime(2026, 11, 30, tzinfo=UTC)
    ats = [start + timedelta(minutes=number) for number in range(1_000)]
    changes = [line.format(at=f"{at:%Y%m%dT%H%M%SZ}") for at in ats for line in change]
    text = "\r\n".join(("BEGIN:VCALENDAR", *master, *changes, "END:VCALENDAR", ""))
    read = reader.entries(text, "a.ics", lambda _uid: None)
    assert read.odd == 1
    assert BLOCKED in {entry.when for entry in read.entries}


def _zone(offset: str) -> str:
    rule = "RRULE:FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"
    return "\r\n".join(
        (
            "BEGIN:VTIMEZONE",
            "TZID:Heavy",
            "BEGIN:STANDARD",
            "DTSTART:16010101T000000",
            *[rule] * 4,
            "TZOFFSETFROM:+0300",
            f"TZOFFSETTO:{offset}",
            "END:STANDARD",
            "END:VTIMEZONE",
        )
    )


AT_HEAVY = ("DTSTART;TZID=Heavy:20261203T090000", "DTEND;TZID=Heavy:20261203T100000")


def test_a_definition_counts_once_however_many_events_bring_it() -> None:
    work = Work()
    reader, left = ResourceReader(window=WINDOW, work=work), []
    for _ in range(3):
        assert _read(reader, *AT_HEAVY, zone=_zone("+0300")).odd == 0
        left.append(work.left)
    assert left[0] == left[1] == left[2] < MOST_OF_A_READING - 10_000


def test_ever_new_definitions_come_to_an_end() -> None:
    reader = ResourceReader(window=WINDOW, work=Work(20_000))
    before = _zone_cache_misses()
    read = [_read(reader, *AT_HEAVY, zone=_zone(f"+04{number:02}")) for number in range(20)]
    assert {one.odd for one in read} == {1}
    assert {entry.when for entry in read[-1].entries} == {BLOCKED}
    assert _zone_cache_misses() - before == 1


def _zone_cache_misses() -> int:
    return zones._zone.cache_info().misses


def test_a_definition_that_takes_too_much_is_none() -> None:
    """So its events are nobody knows where, and block fourteen hours to both sides."""
    work = Work()
    rules = ["RRULE:FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=2"] * 30
    zone = _zone("+0300").replace("TZOFFSETFROM", "\r\n".join((*rules, "TZOFFSETFROM")))
    (entry,) = _read(ResourceReader(window=WINDOW, work=work), *AT_HEAVY, zone=zone).entries
    assert isinstance(entry.when, UnplacedTimes)
    assert MOST_OF_A_READING - work.left <= zones.MOST_STEPS + 100
