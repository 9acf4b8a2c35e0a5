"""The requests of a day, counted before Google has to say that it is too much."""

from datetime import UTC, datetime, timedelta

from adapters.google.daily_requests import DailyRequests
from domain.account import Provider
from sandbox import Sandbox
from tests.fakes.alarms import RecordingAlarms
from tests.fakes.clock import MovableClock
from tests.support.google import google_on, list_pages

MORNING = datetime(2027, 1, 11, 20, 0, tzinfo=UTC)
"""Noon in California."""


def _days(alarms: RecordingAlarms, clock: MovableClock, *, most: int = 10) -> DailyRequests:
    return DailyRequests(clock, alarms, most=most, warn_at=0.8)


def test_the_operator_is_told_once_before_the_day_is_spent() -> None:
    alarms = RecordingAlarms()
    day = _days(alarms, MovableClock(MORNING))
    for _ in range(7):
        day.spend()
    assert not alarms.spending
    for _ in range(20):
        day.spend()
    assert (alarms.spending, alarms.days_spent) == ({Provider.GOOGLE}, [8])


def test_the_day_begins_anew_at_midnight_in_california() -> None:
    alarms, clock = RecordingAlarms(), MovableClock(MORNING)
    day = _days(alarms, clock)
    for _ in range(8):
        day.spend()
    clock.advance(datetime(2027, 1, 12, 7, 59, tzinfo=UTC) - clock.now())
    day.spend()
    assert alarms.spending
    clock.advance(timedelta(minutes=1))
    day.spend()
    assert not alarms.spending
    for _ in range(7):
        day.spend()
    assert alarms.days_spent == [8, 8]


def test_the_night_of_the_clock_change_is_an_hour_shorter() -> None:
    alarms, clock = RecordingAlarms(), MovableClock(datetime(2027, 3, 14, 8, 0, tzinfo=UTC))
    day = _days(alarms, clock)
    for _ in range(8):
        day.spend()
    clock.advance(timedelta(hours=22, minutes=59))
    day.spend()
    assert alarms.spending
    clock.advance(timedelta(minutes=1))
    day.spend()
    assert not alarms.spending


def test_an_ordinary_day_raises_and_clears_nothing() -> None:
    alarms, clock = RecordingAlarms(spending={Provider.GOOGLE}), MovableClock(MORNING)
    day = _days(alarms, clock)
    for _ in range(5):
        day.spend()
        clock.advance(timedelta(days=1))
    assert (alarms.days_spent, alarms.spending) == ([], {Provider.GOOGLE})


async def test_every_request_counts_the_refused_ones_and_the_repeated_ones_too(sandbox: Sandbox) -> None:
    async with google_on(sandbox, daily_requests=5, warn_at=0.8) as google:
        sandbox.world.faults.html(503, surface="google", times=2)
        await list_pages(google.client, google.access())
        assert not google.alarms.spending
        await list_pages(google.client, google.access())
        assert google.alarms.days_spent == [4]
