"""Where things are drawn in a week: all of the busy time, once, and each session beside what else is there."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendarsync.v1.session_pb2 import Session
from connected_calendars.days import outside, week_from
from connected_calendars.free_times import FreeTimes, Start
from connected_calendars.names import Names
from connected_calendars.pages import STATIC
from connected_calendars.week_view import Booked, Column, columns, hours_shown
from connected_calendars.wire import interval
from connected_calendars.writing import writing_of

MONDAY = date(2026, 10, 19)
BERLIN = ZoneInfo("Europe/Berlin")
DAYS = week_from(MONDAY, BERLIN)
NOTHING_FREE = FreeTimes(complete=True, starts=())
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DEFINED = set(
    re.findall(r"^\.([\w-]+) \{|(?<=\} )\.([\w-]+) \{", Path(STATIC / "week.css").read_text(), re.MULTILINE)
)

minutes = st.integers(0, 60).map(lambda number: timedelta(minutes=number))
spans = st.lists(st.tuples(minutes, minutes), max_size=8).map(
    lambda found: [(DAYS[0].start + start, DAYS[0].start + end) for start, end in found]
)


def at(hour: float, *, day: int = 0) -> datetime:
    """So long after the beginning of a day."""
    return DAYS[day].start + timedelta(hours=hour)


def booked(start: datetime, end: datetime, *, cancelled: bool = False) -> Booked:
    session = Session(session_id="one", interval=interval(start, end), cancelled=cancelled)
    return Booked(session=session, when="", address="", writing=writing_of(session, Names()), collides=False)


def drawn(column: Column) -> list[tuple[str, str, bool]]:
    return [(one.when, one.place, one.booked is not None) for one in column.blocks]


def test_a_session_stands_for_its_time_and_the_rest_of_the_busy_time_beside_it() -> None:
    (monday, *others) = columns(DAYS, [(at(9), at(12))], [booked(at(10), at(11))], NOTHING_FREE, LONG_AGO)
    assert drawn(monday) == [
        ("09:00 to 10:00", "at-h9 at-m0 for-h1 for-m0 lane-0 of-1", False),
        ("10:00 to 11:00", "at-h10 at-m0 for-h1 for-m0 lane-0 of-1", True),
        ("11:00 to 12:00", "at-h11 at-m0 for-h1 for-m0 lane-0 of-1", False),
    ]
    assert not any(one.blocks for one in others)


def test_a_cancelled_session_takes_no_time() -> None:
    monday, *_ = columns(DAYS, [], [booked(at(10), at(11), cancelled=True)], NOTHING_FREE, LONG_AGO)
    assert not monday.blocks


def test_what_is_drawn_covers_what_is_taken() -> None:
    monday, *_ = columns(DAYS, [(at(9.05), at(9.1))], [], NOTHING_FREE, LONG_AGO)
    assert drawn(monday) == [("09:03 to 09:06", "at-h9 at-m0 for-h0 for-m10 lane-0 of-1", False)]


def test_what_lasts_for_days_is_in_each_of_them() -> None:
    found = columns(DAYS, [(at(22), at(8, day=2))], [], NOTHING_FREE, LONG_AGO)
    assert [[one.when for one in column.blocks] for column in found[:4]] == [
        ["from 22:00"],
        ["all day"],
        ["until 08:00"],
        [],
    ]


def test_the_day_with_25_hours_has_labels_of_its_own_and_no_other_day_has() -> None:
    found = columns(DAYS, [(at(2.5, day=6), at(3.5, day=6))], [], NOTHING_FREE, at(1, day=6))
    assert [bool(column.labels) for column in found] == [False] * 6 + [True]
    sunday = found[6]
    assert (sunday.height, sunday.now) == ("for-h25 for-m0", "at-h1 at-m0")
    assert [one.text for one in sunday.labels][2:5] == ["02:00", "02:00 again", "03:00"]
    assert [one.when for one in sunday.blocks] == ["02:30 to 02:30 again"]


def test_starts_are_in_the_day_in_which_they_begin() -> None:
    start = Start(start=at(0, day=1), end=at(1, day=1))
    found = columns(DAYS, [], [], FreeTimes(complete=True, starts=[start]), LONG_AGO)
    assert [len(column.starts) for column in found] == [0, 1, 0, 0, 0, 0, 0]


def test_every_place_that_is_drawn_is_in_the_style_sheet() -> None:
    defined = {one or other for one, other in DEFINED}
    wanted = {f"{kind}-h{hour}" for kind in ("at", "for") for hour in range(26)}
    wanted |= {f"{kind}-m{minute}" for kind in ("at", "for") for minute in range(0, 60, 5)}
    wanted |= {f"{kind}-h{hour}" for kind in ("from", "to") for hour in range(26)}
    wanted |= {f"lane-{lane}" for lane in range(4)} | {f"of-{lanes}" for lanes in range(1, 5)}
    assert wanted <= defined


@given(spans, spans)
def test_outside_is_every_minute_that_is_in_a_span_and_under_no_cover(
    some: list[tuple[datetime, datetime]], covers: list[tuple[datetime, datetime]]
) -> None:
    left = outside(some, covers)
    for number in range(60):
        minute = DAYS[0].start + timedelta(minutes=number, seconds=30)
        inside = any(start <= minute < end for start, end in some)
        covered = any(start <= minute < end for start, end in covers)
        assert any(start <= minute < end for start, end in left) == (inside and not covered)


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        (9, 10, (7, 19)),
        (0, 24, (7, 19)),
        (6.5, 9, (6, 19)),
        (2, 3, (1, 19)),
        (0, 5, (4, 19)),
        (18, 20.5, (7, 21)),
        (22, 24, (7, 23)),
        (23.5, 26, (1, 24)),
    ],
)
def test_hours_are_shown_in_which_something_begins_or_ends(
    start: float, end: float, shown: tuple[int, int]
) -> None:
    assert hours_shown(columns(DAYS, [(at(start), at(end))], [], NOTHING_FREE, LONG_AGO)[:2]) == shown


def test_all_hours_are_shown_in_a_week_in_which_the_clock_changes() -> None:
    assert hours_shown(columns(DAYS, [], [], NOTHING_FREE, LONG_AGO)) == (0, 25)
