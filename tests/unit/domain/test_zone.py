"""Local days as instants, in every zone there is."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.interval import Interval
from domain.zone import TimeZoneUnknown, local_days, zone_named
from tests.unit.domain.strategies import ZONE_NAMES, served_dates, served_instants, zones

DAY = timedelta(days=1)
some = settings(deadline=None)


def _day(name: str, day: date) -> Interval:
    found = local_days(day, day + DAY, ZoneInfo(name))
    assert found is not None
    return found


def _utc(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "day", "begins", "ends"),
    [
        ("Pacific/Auckland", date(2027, 7, 1), _utc(2027, 6, 30, 12), _utc(2027, 7, 1, 12)),
        ("Pacific/Auckland", date(2027, 1, 1), _utc(2026, 12, 31, 11), _utc(2027, 1, 1, 11)),
        ("America/Los_Angeles", date(2027, 1, 1), _utc(2027, 1, 1, 8), _utc(2027, 1, 2, 8)),
        ("America/Los_Angeles", date(2027, 7, 1), _utc(2027, 7, 1, 7), _utc(2027, 7, 2, 7)),
        ("Asia/Kathmandu", date(2027, 5, 5), _utc(2027, 5, 4, 18, 15), _utc(2027, 5, 5, 18, 15)),
        ("Australia/Lord_Howe", date(2027, 7, 1), _utc(2027, 6, 30, 13, 30), _utc(2027, 7, 1, 13, 30)),
        ("Australia/Lord_Howe", date(2027, 1, 1), _utc(2026, 12, 31, 13), _utc(2027, 1, 1, 13)),
    ],
)
def test_a_local_day_runs_from_midnight_to_midnight_there(
    name: str, day: date, begins: datetime, ends: datetime
) -> None:
    assert _day(name, day) == Interval(begins, ends)


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("Pacific/Auckland", date(2027, 9, 26), 23),
        ("Pacific/Auckland", date(2027, 4, 4), 25),
        ("America/Los_Angeles", date(2027, 3, 14), 23),
        ("America/Los_Angeles", date(2027, 11, 7), 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2027, 4, 4), 24.5),
    ],
)
def test_a_day_is_as_long_as_the_clock_change_makes_it(name: str, day: date, hours: float) -> None:
    assert _day(name, day).length == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("name", "day", "begins"),
    [
        ("America/Santiago", date(2024, 9, 8), _utc(2024, 9, 8, 4)),
        ("Asia/Beirut", date(2024, 3, 31), _utc(2024, 3, 30, 22)),
        ("America/Havana", date(2024, 3, 10), _utc(2024, 3, 10, 5)),
        ("Atlantic/Azores", date(2027, 3, 28), _utc(2027, 3, 28, 1)),
    ],
)
def test_a_day_whose_midnight_is_jumped_over_begins_at_the_jump(
    name: str, day: date, begins: datetime
) -> None:
    found = _day(name, day)
    assert found.start == begins
    assert found.length == timedelta(hours=23)
    assert found.start.astimezone(ZoneInfo(name)).hour == 1


@pytest.mark.parametrize(
    ("name", "day", "begins"),
    [
        ("America/Havana", date(2024, 11, 3), _utc(2024, 11, 3, 4)),
        ("Atlantic/Azores", date(2027, 10, 31), _utc(2027, 10, 31, 0)),
    ],
)
def test_a_day_whose_midnight_comes_twice_begins_with_the_first(
    name: str, day: date, begins: datetime
) -> None:
    found = _day(name, day)
    assert found.start == begins
    assert found.length == timedelta(hours=25)


@pytest.mark.parametrize(
    ("name", "day"), [("America/Santiago", date(2024, 4, 6)), ("Asia/Beirut", date(2024, 10, 26))]
)
def test_a_day_whose_last_hour_comes_twice_holds_both(name: str, day: date) -> None:
    found = _day(name, day)
    assert found.length == timedelta(hours=25)
    assert (found.end - timedelta(hours=1)).astimezone(ZoneInfo(name)).hour == 23
    assert (found.end - timedelta(hours=2)).astimezone(ZoneInfo(name)).hour == 23


SKIPPED = [
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Pacific/Fakaofo", date(2011, 12, 30)),
    ("Pacific/Kiritimati", date(1994, 12, 31)),
    ("Pacific/Kwajalein", date(1993, 8, 21)),
]


@pytest.mark.parametrize(("name", "day"), SKIPPED)
def test_a_day_left_out_at_the_date_line_is_no_time_at_all(name: str, day: date) -> None:
    assert local_days(day, day + DAY, ZoneInfo(name)) is None


@pytest.mark.parametrize(("name", "day"), SKIPPED)
def test_days_around_a_left_out_one_follow_each_other_at_once(name: str, day: date) -> None:
    zone = ZoneInfo(name)
    assert _day(name, day - DAY).end == _day(name, day + DAY).start
    three = local_days(day - DAY, day + 2 * DAY, zone)
    assert three is not None
    assert three.length == 2 * DAY


@some
@given(zones, served_dates, st.integers(1, 5))
def test_consecutive_days_tile_time_without_gap_or_overlap(zone: ZoneInfo, first: date, count: int) -> None:
    days = [local_days(first + n * DAY, first + (n + 1) * DAY, zone) for n in range(count)]
    whole = local_days(first, first + count * DAY, zone)
    there = [day for day in days if day is not None]
    if whole is None:
        assert there == []
        return
    assert (there[0].start, there[-1].end) == (whole.start, whole.end)
    assert all(one.end == other.start for one, other in pairwise(there))


def _instants_near_clock_changes() -> st.SearchStrategy[datetime]:
    """Hours around the weekends of March, April, September, October and November, where clocks are changed."""
    return st.builds(
        lambda year, month, hour: datetime(year, month, 1, tzinfo=UTC) + timedelta(hours=hour),
        st.integers(1980, 2040),
        st.sampled_from([3, 4, 9, 10, 11]),
        st.integers(-24, 31 * 24),
    )


def _repeats_the_last_minutes_of_a_day(zone: ZoneInfo, instant: datetime) -> bool:
    """Newfoundland put its clocks back at one minute past midnight until 2011, from one day into the day before."""
    start = instant - timedelta(hours=2)
    dates = [(start + timedelta(minutes=n)).astimezone(zone).date() for n in range(240)]
    return dates != sorted(dates)


@some
@given(zones, served_instants | _instants_near_clock_changes())
def test_every_instant_lies_in_the_day_its_local_date_names(zone: ZoneInfo, instant: datetime) -> None:
    assume(not _repeats_the_last_minutes_of_a_day(zone, instant))
    day = instant.astimezone(zone).date()
    found = local_days(day, day + DAY, zone)
    assert found is not None
    assert found.start <= instant < found.end


def test_minutes_that_fall_back_behind_midnight_count_to_the_day_that_had_begun() -> None:
    sunday = _day("America/St_Johns", date(2010, 11, 7))
    assert sunday.start == _utc(2010, 11, 7, 2, 30)
    assert sunday.end == _utc(2010, 11, 8, 3, 30)
    assert _day("America/St_Johns", date(2010, 11, 6)).end == sunday.start


@pytest.mark.parametrize("after_last", [date(2027, 5, 5), date(2027, 5, 4), date(2026, 1, 1)])
def test_days_without_a_sensible_end_are_the_first_day_alone(after_last: date) -> None:
    zone = ZoneInfo("Europe/Berlin")
    assert local_days(date(2027, 5, 5), after_last, zone) == _day("Europe/Berlin", date(2027, 5, 5))


@pytest.mark.parametrize(
    "name", ["Pacific/Auckland", "UTC", "America/Argentina/ComodRivadavia", "Etc/GMT+12"]
)
def test_knows_the_names_of_the_iana_database(name: str) -> None:
    assert zone_named(name).key == name


def test_every_listed_zone_can_be_named() -> None:
    assert [zone_named(name).key for name in ZONE_NAMES] == ZONE_NAMES


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "Mars/Olympus",
        "Customized Time Zone",
        "tzone://Microsoft/Custom",
        "W. Europe Standard Time",
        "Europe",
        "Europe/",
        "Europe/Berlin ",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe/../Europe/Berlin",
        "America.Argentina/Salta",
        "europe/berlin",
        "zones",
        "Europe/Berlin\0",
        "localtime",
        "posixrules",
        "Factory",
        "posix/Europe/Berlin",
        "right/Europe/Berlin",
        "tzdata.zi",
        "zone.tab",
        "__init__.py",
        "+02:00",
        "x" * 5000,
        "\ud800",
    ],
)
def test_refuses_names_that_are_no_zone(name: str) -> None:
    with pytest.raises(TimeZoneUnknown):
        zone_named(name)


@some
@given(st.text(max_size=40))
def test_any_other_text_is_a_zone_or_refused_and_nothing_else(name: str) -> None:
    try:
        assert zone_named(name).key == name
    except TimeZoneUnknown:
        assert name not in ZONE_NAMES
