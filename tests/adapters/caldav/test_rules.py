"""Rules end, whatever they say; and what they leave out is filled in as RFC 5545 says."""

import time
from datetime import datetime, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.caldav.moments import LATEST, Odd
from adapters.caldav.rules import rule_from, starts
from adapters.caldav.work import Work

FIRST = datetime(2020, 1, 6, 9)  # noqa: DTZ001 - a wall clock
AFTER = datetime(2026, 11, 30)  # noqa: DTZ001
BEFORE = AFTER + timedelta(days=60)


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31",
        "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=3",
        "FREQ=HOURLY;INTERVAL=24;BYHOUR=9;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;INTERVAL=999999",
        "FREQ=HOURLY;INTERVAL=2;BYHOUR=10",
        "FREQ=MINUTELY;INTERVAL=120;BYHOUR=10",
    ],
)
def test_a_rule_that_hits_nothing_comes_to_its_end(text: str) -> None:
    started = time.process_time()

    assert list(starts(rule_from(text), FIRST, LATEST, AFTER, BEFORE, Work())) == []
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=SECONDLY",
        "FREQ=SECONDLY;COUNT=9999999",
        "FREQ=MINUTELY;COUNT=9999999;BYHOUR=3",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYMINUTE=0,1,2,3,4,5,6,7,8,9;COUNT=9999999",
    ],
)
def test_a_rule_that_takes_too_many_steps_is_odd(text: str) -> None:
    with pytest.raises(Odd):
        list(starts(rule_from(text), FIRST, LATEST, AFTER, BEFORE, Work()))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "INTERVAL=2",
        "FREQ=DAILY;COUNT=3;UNTIL=20270101T000000Z",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=1000000",
        "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=DAILY;BYDAY=0MO",
        "FREQ=DAILY;BYDAY=XX",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYMONTHDAY=0",
        "FREQ=DAILY;BYMONTHDAY=",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;WKST=XX",
        "FREQ=DAILY;BYEASTER=1",
        "FREQ=DAILY;RSCALE=CHINESE",
        "FREQ=DAILY;COUNT=99999999",
        "FREQ=MINUTELY;BYSETPOS=1",
        "FREQ=DAILY;COUNT=١",
        "FREQ=DAILY;COUNT",
    ],
)
def test_refuses_what_it_does_not_know(text: str) -> None:
    with pytest.raises(Odd):
        rule_from(text)


@settings(deadline=None)
@given(
    st.sampled_from(
        ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,WE,SU", "FREQ=HOURLY", "FREQ=DAILY;BYDAY=MO;BYHOUR=3,9"]
    ),
    st.integers(1, 50),
    st.integers(0, 6),
    st.integers(0, 4000),
)
def test_beginning_later_hits_the_same_times(text: str, interval: int, week_start: int, days: int) -> None:
    whole = f"{text};INTERVAL={interval};WKST={['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'][week_start]}"
    after = FIRST + timedelta(days=days)
    before = after + timedelta(days=5)

    hits = list(starts(rule_from(whole), FIRST, LATEST, after, before, Work()))

    assert hits == list(rrulestr(whole, dtstart=FIRST).between(after, before, inc=True))
