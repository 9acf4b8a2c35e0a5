"""The dates of series, against python-dateutil and against Outlook's own rules."""

from datetime import date, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import pytest
from dateutil import rrule
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.world.recurrence import INDEXES, WEEKDAYS, Recurrence

FIRST_DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
DAYS = st.sets(st.sampled_from(WEEKDAYS), min_size=1).map(tuple)
INTERVALS = st.integers(1, 5)
_NUMBERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}


def ours(recurrence: Recurrence, first: date, count: int = 40) -> list[date]:
    return list(islice(recurrence.dates(first), count))


def theirs(frequency: Any, first: date, count: int = 40, **options: Any) -> list[date]:
    rule = rrule.rrule(frequency, dtstart=datetime.combine(first, datetime.min.time()), **options)
    return [moment.date() for moment in islice(rule, count)]


def numbers(days: tuple[str, ...]) -> list[int]:
    return [WEEKDAYS.index(day) for day in days]


@given(first=FIRST_DAYS, interval=INTERVALS)
def test_daily_agrees_with_dateutil(first: date, interval: int) -> None:
    assert ours(Recurrence(kind="daily", interval=interval), first) == theirs(
        rrule.DAILY, first, interval=interval
    )


@given(first=FIRST_DAYS, interval=INTERVALS, days=DAYS, week_start=st.sampled_from(WEEKDAYS))
def test_weekly_agrees_with_dateutil(
    first: date, interval: int, days: tuple[str, ...], week_start: str
) -> None:
    recurrence = Recurrence(kind="weekly", interval=interval, days=days, first_day_of_week=week_start)
    rule: dict[str, Any] = {
        "interval": interval,
        "byweekday": numbers(days),
        "wkst": WEEKDAYS.index(week_start),
    }
    assert ours(recurrence, first) == theirs(rrule.WEEKLY, first, **rule)


@given(first=FIRST_DAYS, interval=INTERVALS, day=st.integers(1, 28))
def test_monthly_by_day_agrees_with_dateutil(first: date, interval: int, day: int) -> None:
    recurrence = Recurrence(kind="absoluteMonthly", interval=interval, day_of_month=day)
    assert ours(recurrence, first) == theirs(rrule.MONTHLY, first, interval=interval, bymonthday=day)


@settings(max_examples=50)
@given(first=FIRST_DAYS, interval=INTERVALS, days=DAYS, index=st.sampled_from(INDEXES))
def test_monthly_by_weekday_agrees_with_dateutil(
    first: date, interval: int, days: tuple[str, ...], index: str
) -> None:
    recurrence = Recurrence(kind="relativeMonthly", interval=interval, days=days, index=index)
    rule: dict[str, Any] = {"interval": interval, "byweekday": numbers(days), "bysetpos": _NUMBERS[index]}
    assert ours(recurrence, first) == theirs(rrule.MONTHLY, first, **rule)


@settings(max_examples=30)
@given(first=FIRST_DAYS, month=st.integers(1, 12), days=DAYS, index=st.sampled_from(INDEXES))
def test_yearly_by_weekday_agrees_with_dateutil(
    first: date, month: int, days: tuple[str, ...], index: str
) -> None:
    recurrence = Recurrence(kind="relativeYearly", month=month, days=days, index=index)
    rule: dict[str, Any] = {"bymonth": month, "byweekday": numbers(days), "bysetpos": _NUMBERS[index]}
    assert ours(recurrence, first, 8) == theirs(rrule.YEARLY, first, 8, **rule)


def test_a_month_too_short_uses_its_last_day() -> None:
    recurrence = Recurrence(kind="absoluteMonthly", day_of_month=31)
    assert ours(recurrence, date(2026, 1, 31), 3) == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]


def test_yearly_on_a_leap_day_falls_on_the_last_of_february() -> None:
    recurrence = Recurrence(kind="absoluteYearly", month=2, day_of_month=29)
    assert ours(recurrence, date(2024, 2, 29), 2) == [date(2024, 2, 29), date(2025, 2, 28)]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [({"until": date(2026, 1, 3)}, 3), ({"occurrences": 5}, 5), ({"until": date(2025, 1, 1)}, 0)],
)
def test_a_series_ends_with_its_range(limits: dict[str, Any], expected: int) -> None:
    assert len(ours(Recurrence(kind="daily", **limits), date(2026, 1, 1))) == expected


@pytest.mark.parametrize("kind", ["daily", "weekly", "absoluteMonthly", "relativeYearly"])
def test_an_endless_series_stops_with_the_calendar(kind: Any) -> None:
    found = list(Recurrence(kind=kind, days=("friday",)).dates(date(9999, 11, 1)))
    assert all(later - earlier >= timedelta(days=1) for earlier, later in pairwise(found))
