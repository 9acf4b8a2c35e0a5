"""A week of the page: an instant lies in the day that the clock shows then, and nothing drawn is lost or covered."""

import zoneinfo
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connected_calendars.days import FIRST_MONDAY, LAST_MONDAY, Day, Piece, monday_of, pieces_in, week_from

QUARTER = timedelta(minutes=15)
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = sorted(zoneinfo.available_timezones() - {"localtime", "posixrules", "Factory"})

weeks = st.dates(date(1980, 1, 1), date(2060, 12, 31)).map(monday_of)
zones = st.sampled_from(ZONES).map(ZoneInfo)
minutes = st.integers(-600, 2_000).map(lambda number: timedelta(minutes=number))


def lengths(monday: date, zone: str) -> list[float]:
    """In hours."""
    return [day.length / timedelta(hours=1) for day in week_from(monday, ZoneInfo(zone))]


def hours(day: Day) -> list[str]:
    return [f"{mark.hour}{' again' if mark.again else ''}" for mark in day.marks]


def meet(one: Piece[Any], other: Piece[Any]) -> bool:
    return one.start < other.end and other.start < one.end


def at(hour: float, day: date = date(2026, 11, 30)) -> datetime:
    """By the clock of Berlin in winter."""
    return datetime(day.year, day.month, day.day, tzinfo=BERLIN) + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("monday", "zone", "expected"),
    [
        (date(2026, 3, 23), "Europe/Berlin", [24, 24, 24, 24, 24, 24, 23]),
        (date(2026, 10, 19), "Europe/Berlin", [24, 24, 24, 24, 24, 24, 25]),
        (date(2026, 11, 2), "Asia/Kathmandu", [24] * 7),
        (date(2026, 3, 30), "Australia/Lord_Howe", [24, 24, 24, 24, 24, 24, 24.5]),
        (date(2026, 9, 28), "Australia/Lord_Howe", [24, 24, 24, 24, 24, 24, 23.5]),
        (date(2011, 12, 26), "Pacific/Apia", [24, 24, 24, 24, 0, 24, 24]),
        (date(2026, 9, 28), "Antarctica/Troll", [24] * 7),
        (date(2026, 3, 23), "Antarctica/Troll", [24, 24, 24, 24, 24, 24, 22]),
    ],
)
def test_days_are_as_long_as_the_clock_says(monday: date, zone: str, expected: list[float]) -> None:
    assert lengths(monday, zone) == expected


def test_a_day_without_midnight_begins_when_the_clock_jumps() -> None:
    sunday = week_from(date(2026, 8, 31), ZoneInfo("America/Santiago"))[6]
    assert sunday.start == datetime(2026, 9, 6, 4, tzinfo=UTC)
    assert sunday.start.astimezone(sunday.zone).hour == 1
    assert sunday.length == timedelta(hours=23)
    assert hours(sunday)[:2] == ["1", "2"]


def test_an_hour_that_is_skipped_is_not_marked_and_one_that_comes_twice_is_so_twice() -> None:
    spring, autumn = week_from(date(2026, 3, 23), BERLIN)[6], week_from(date(2026, 10, 19), BERLIN)[6]
    assert hours(spring)[:4] == ["0", "1", "3", "4"]
    assert hours(autumn)[:5] == ["0", "1", "2", "2 again", "3"]


def test_half_an_hour_put_back_moves_the_full_hours_that_follow() -> None:
    sunday = week_from(date(2026, 3, 30), ZoneInfo("Australia/Lord_Howe"))[6]
    assert hours(sunday) == [str(number) for number in range(24)]
    assert {(mark.at - sunday.start) % timedelta(hours=1) for mark in sunday.marks[2:]} == {
        timedelta(minutes=30)
    }


def test_nothing_lies_in_a_day_that_the_zone_left_out() -> None:
    missing = week_from(date(2011, 12, 26), ZoneInfo("Pacific/Apia"))[4]
    assert (missing.date, missing.length) == (date(2011, 12, 30), timedelta())
    always = (datetime(2011, 12, 1, tzinfo=UTC), datetime(2012, 1, 31, tzinfo=UTC), "away")
    assert not pieces_in(missing, [always])
    assert not missing.marks


@given(weeks, zones)
def test_each_instant_of_a_week_lies_in_the_day_that_the_clock_shows(monday: date, zone: ZoneInfo) -> None:
    days = week_from(monday, zone)
    assert all(one.end == other.start for one, other in pairwise(days))
    for day in days:
        for number in range(day.length // QUARTER):
            assert (day.start + number * QUARTER).astimezone(zone).date() == day.date


@given(weeks, zones)
def test_the_marks_are_the_full_hours(monday: date, zone: ZoneInfo) -> None:
    for day in week_from(monday, zone):
        quarters = [day.start + number * QUARTER for number in range(day.length // QUARTER)]
        assert [mark.at for mark in day.marks] == [
            one for one in quarters if one.astimezone(zone).minute == 0
        ]


@given(weeks, zones, st.lists(st.tuples(minutes, minutes), max_size=12))
def test_what_lies_in_a_day_is_all_of_it_that_does(
    monday: date, zone: ZoneInfo, spans: list[tuple[timedelta, timedelta]]
) -> None:
    day = week_from(monday, zone)[0]
    things = [(day.start + start, day.start + end, number) for number, (start, end) in enumerate(spans)]
    pieces = pieces_in(day, things)
    expected = {
        number: (max(start, day.start), min(end, day.end))
        for start, end, number in things
        if max(start, day.start) < min(end, day.end)
    }
    assert {piece.what: (piece.start, piece.end) for piece in pieces} == expected
    assert len(pieces) == len(expected)
    assert [piece.start for piece in pieces] == sorted(piece.start for piece in pieces)


@given(st.lists(st.tuples(minutes, minutes), max_size=12))
def test_no_piece_covers_another_and_each_has_the_room_there_is(
    spans: list[tuple[timedelta, timedelta]],
) -> None:
    day = week_from(date(2026, 11, 30), BERLIN)[0]
    pieces = pieces_in(day, [(day.start + start, day.start + end, None) for start, end in spans])
    for piece in pieces:
        assert 0 <= piece.lane < piece.lanes
        beside = [one for one in pieces if one is not piece and meet(one, piece)]
        assert piece.lane not in {one.lane for one in beside}
        assert {one.lanes for one in beside} <= {piece.lanes}
        assert (piece.lanes == 1) == (not beside)
        deepest = max(
            sum(meet(one, other) and one.start <= other.start for one in pieces) for other in pieces
        )
        assert piece.lanes <= deepest


def test_three_that_overlap_in_a_chain_take_two_lanes() -> None:
    day = week_from(date(2026, 11, 30), BERLIN)[0]
    things = [
        (at(9), at(11), "long"),
        (at(10), at(12), "next"),
        (at(11), at(13), "last"),
        (at(14), at(15), "alone"),
    ]
    assert [(piece.what, piece.lane, piece.lanes) for piece in pieces_in(day, things)] == [
        ("long", 0, 2),
        ("next", 1, 2),
        ("last", 0, 2),
        ("alone", 0, 1),
    ]


@given(st.dates())
def test_weeks_begin_on_mondays_that_the_service_can_be_asked_about(day: date) -> None:
    monday = monday_of(day)
    assert monday.weekday() == 0
    assert FIRST_MONDAY <= monday <= LAST_MONDAY
    if FIRST_MONDAY <= day < LAST_MONDAY:
        assert timedelta() <= day - monday < timedelta(days=7)


@given(zones)
def test_the_first_and_the_last_week_lie_within_what_the_service_takes(zone: ZoneInfo) -> None:
    assert week_from(FIRST_MONDAY, zone)[0].start >= datetime(1980, 1, 1, tzinfo=UTC)
    assert week_from(LAST_MONDAY, zone)[6].end <= datetime(2200, 1, 1, tzinfo=UTC)
