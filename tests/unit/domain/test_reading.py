"""Stored readings: how far they reach, how long they count, and what a new one changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.availability import Reading, ReadingSource
from domain.blocking import BlockingRule
from domain.deviation import Deviation, DeviationKind
from domain.ids import SessionId
from domain.interval import Interval
from domain.reading import (
    LEEWAY,
    LONGEST_PAUSE,
    Pace,
    StoredReading,
    after_failure,
    changed,
    collisions,
    owner_changed,
    parts_outside,
)
from domain.spans import Spans
from domain.taken import BookedTime
from tests.builders import ACCOUNT, CALENDAR, NOW, SESSION, a_deviation, a_reading, after, an_interval
from tests.unit.domain.strategies import WINDOW, covered_hours, intervals

some = settings(deadline=None)
BERLIN, TOKYO = BlockingRule("Europe/Berlin"), BlockingRule("Asia/Tokyo")
busy_times = st.lists(intervals(), max_size=6).map(lambda given_ones: Spans.of(given_ones).clipped_to(WINDOW))


def look(*busy: Interval, window: Interval = WINDOW, read_at: datetime = NOW) -> StoredReading:
    return a_reading(busy=busy, window=window, read_at=read_at, zone=BERLIN.zone)


def booked(*intervals_: Interval) -> list[BookedTime]:
    """Sessions `session-1`, `session-2` and so on."""
    return [
        BookedTime(session_id=SessionId(f"session-{number}"), interval=one)
        for number, one in enumerate(intervals_, start=1)
    ]


def counts(
    reading: StoredReading, *, max_age: timedelta, rule: BlockingRule = BERLIN, of: Interval = WINDOW
) -> bool:
    return reading.counts(of, not_before=NOW - max_age, now=NOW, rule=rule)


def test_counts_as_long_as_it_is_no_older_than_allowed() -> None:
    reading = look(read_at=after(minutes=-15))
    assert counts(reading, max_age=timedelta(minutes=15))
    assert not counts(reading, max_age=timedelta(minutes=15) - timedelta(microseconds=1))


def test_one_from_the_future_does_not_count() -> None:
    assert counts(look(read_at=NOW + LEEWAY), max_age=timedelta())
    assert not counts(look(read_at=NOW + LEEWAY + timedelta(microseconds=1)), max_age=timedelta(days=1))


def test_counts_for_no_other_time_zone_than_its_own() -> None:
    assert not counts(look(), max_age=timedelta(minutes=15), rule=TOKYO)


def test_counts_under_no_other_rule_for_tentative_events_than_its_own() -> None:
    blocking = replace(BERLIN, tentative_blocks=True)
    assert not counts(look(), max_age=timedelta(minutes=15), rule=blocking)
    read_since = replace(look(), rule=blocking)
    assert counts(read_since, max_age=timedelta(minutes=15), rule=blocking)
    assert not counts(read_since, max_age=timedelta(minutes=15), rule=BERLIN)


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        (WINDOW, True),
        (an_interval(starts=0), True),
        (an_interval(starts=71), True),
        (an_interval(starts=-1), False),
        (an_interval(starts=72), False),
        (an_interval(starts=71, hours=2), False),
    ],
)
def test_counts_for_what_its_window_holds_and_no_further(asked: Interval, known: bool) -> None:
    assert counts(look(), max_age=timedelta(minutes=15), of=asked) is known


@some
@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)), st.integers(1, 400))  # noqa: DTZ001
def test_reaches_from_yesterday_to_the_end_of_the_last_day_ahead(now: datetime, days: int) -> None:
    window = Pace(days_ahead=days).window(now)
    day = timedelta(days=1)
    assert window.start <= now - day < window.start + day
    assert window.end - day <= now + days * day < window.end
    assert all(
        (edge.hour, edge.minute, edge.second, edge.microsecond) == (0, 0, 0, 0)
        for edge in (window.start, window.end)
    )


@some
@given(st.booleans(), st.floats(0, 1))
def test_is_read_again_a_little_early_and_never_late(push: bool, jitter: float) -> None:
    pace = Pace()
    pause = pace.next_due(NOW, told_until=after(days=1) if push else None, jitter=jitter) - NOW
    longest = pace.polled_with_push_every if push else pace.polled_every
    assert 0.9 * longest <= pause <= longest


@pytest.mark.parametrize("told_until", [None, after(days=1)])
def test_readings_stay_below_a_quarter_of_an_hour_old(told_until: datetime | None) -> None:
    assert Pace().next_due(NOW, told_until=told_until, jitter=0) < after(minutes=15)


def test_is_read_often_when_the_telling_ends_before_the_next_look() -> None:
    pace = Pace()
    rare, often = pace.polled_with_push_every, pace.polled_every
    assert pace.next_due(NOW, told_until=NOW + rare, jitter=0) == NOW + rare
    assert pace.next_due(NOW, told_until=NOW + rare - timedelta(seconds=1), jitter=0) == NOW + often


def test_failures_double_the_pause_up_to_half_an_hour() -> None:
    pauses = [after_failure(number) for number in range(10)]
    assert pauses[:3] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
    assert all(late == min(2 * early, LONGEST_PAUSE) for early, late in pairwise(pauses))
    assert after_failure(10_000) == LONGEST_PAUSE == timedelta(minutes=30)


def test_the_providers_own_wish_counts_where_it_is_longer() -> None:
    assert after_failure(0, at_least=timedelta(hours=2)) == timedelta(hours=2)
    assert after_failure(2, at_least=timedelta(seconds=1)) == timedelta(minutes=2)


@some
@given(intervals(), intervals())
def test_parts_outside_are_exactly_what_is_not_known(window: Interval, known: Interval) -> None:
    parts = parts_outside(window, known)
    assert covered_hours(parts) == covered_hours([window]) - covered_hours([known])
    assert sum((one.length for one in parts), timedelta()) == timedelta(hours=len(covered_hours(parts)))


@some
@given(busy_times, busy_times)
def test_a_change_is_told_when_the_busy_time_differs(before: Spans, after_: Spans) -> None:
    one, other = look(*before), look(*after_)
    assert changed(one, other) is changed(other, one) is (before != after_)


def test_a_first_reading_is_a_change() -> None:
    assert changed(None, look())


def test_a_window_that_moved_on_is_no_change_by_itself() -> None:
    moved = Interval(after(days=1), after(days=4))
    yesterday, later = an_interval(starts=1), an_interval(starts=80)
    assert not changed(look(yesterday), look(later, window=moved))
    assert changed(look(yesterday), look(an_interval(starts=30), window=moved))


def test_a_window_with_nothing_in_common_is_a_change() -> None:
    assert changed(look(), look(window=Interval(after(days=9), after(days=12))))


@some
@given(busy_times, busy_times, st.lists(intervals(), max_size=4))
def test_a_collision_is_told_once_when_it_begins(
    before: Spans, after_: Spans, sessions: list[Interval]
) -> None:
    earlier, later = a_reading(busy=before), a_reading(busy=after_)
    told = collisions(booked(*sessions), before=earlier, after=later)
    assert told == tuple(
        f"session-{number}"
        for number, one in enumerate(sessions, start=1)
        if covered_hours([one]) & covered_hours(list(after_))
        and not covered_hours([one]) & covered_hours(list(before))
    )
    assert collisions(booked(*sessions), before=later, after=later) == ()


def test_a_first_reading_tells_of_every_collision() -> None:
    sessions = booked(an_interval(starts=24), an_interval(starts=30))
    assert collisions(sessions, before=None, after=a_reading(busy=[an_interval()])) == (SESSION,)


def test_a_session_does_not_collide_with_its_own_event_but_others_do() -> None:
    longer = a_deviation(blocks=an_interval(starts=24, hours=8))
    sessions = booked(an_interval(starts=24), an_interval(starts=30))
    assert collisions(sessions, before=None, after=a_reading(deviations=[longer])) == ("session-2",)


def test_time_that_a_moved_event_takes_is_busy_for_all_but_its_session() -> None:
    reading = a_reading(
        busy=[an_interval(starts=24)], deviations=[a_deviation(blocks=an_interval(starts=25))]
    )
    assert list(reading.taken()) == [an_interval(starts=24, hours=2)]
    assert list(reading.taken(but=[SessionId("session-2")])) == [an_interval(starts=24, hours=2)]
    assert list(reading.taken(but=[SESSION])) == [an_interval(starts=24)]
    assert changed(a_reading(), reading)


def test_a_time_taken_from_all_but_one_is_not_the_same_as_one_taken_from_all() -> None:
    moved = a_reading(deviations=[a_deviation(blocks=an_interval())])
    assert not changed(moved, a_reading(deviations=[a_deviation(blocks=an_interval(), revision=2)]))
    assert changed(moved, a_reading(busy=[an_interval()]))
    assert changed(moved, a_reading(deviations=[a_deviation(blocks=an_interval(), session_id="session-2")]))


def test_what_an_owner_changed_is_told_until_it_is_known() -> None:
    moved, gone = a_deviation(), a_deviation(DeviationKind.MISSING, session_id="session-2", at=None)
    quiet = a_deviation(session_id="session-3", tell=False)
    found = a_reading(deviations=[moved, gone, quiet])
    assert owner_changed(None, found) == (SESSION, "session-2")
    assert owner_changed(found, found) == ()
    assert owner_changed(a_reading(deviations=[moved]), found) == ("session-2",)
    assert owner_changed(a_reading(deviations=[replace(moved, tell=False)]), found) == (SESSION, "session-2")


@pytest.mark.parametrize(
    "again",
    [
        a_deviation(at=an_interval(starts=40)),
        a_deviation(revision=2),
        a_deviation(DeviationKind.SURPLUS, at=None),
    ],
)
def test_what_an_owner_changed_again_is_told_again(again: Deviation) -> None:
    assert owner_changed(a_reading(deviations=[a_deviation()]), a_reading(deviations=[again])) == (SESSION,)


@pytest.mark.parametrize("stored_part", [0, 1, None])
def test_a_look_at_two_parts_is_as_old_as_the_older_and_live_when_both_are(stored_part: int | None) -> None:
    ages = (after(minutes=-3), NOW)
    parts = [
        Reading(
            calendar_id=CALENDAR,
            account_id=ACCOUNT,
            read_at=read_at,
            busy=Spans.of([an_interval(starts=24 + 2 * number)]),
            source=ReadingSource.STORED if number == stored_part else ReadingSource.LIVE,
        )
        for number, read_at in enumerate(ages)
    ]
    whole = parts[0].with_part(parts[1])
    assert whole.read_at == ages[0]
    assert list(whole.busy) == [an_interval(starts=24), an_interval(starts=26)]
    assert whole.source is (ReadingSource.LIVE if stored_part is None else ReadingSource.STORED)


def test_all_have_the_slower_pace_where_the_providers_requests_are_nearly_spent() -> None:
    pace = Pace(
        polled_every=timedelta(minutes=4),
        polled_with_push_every=timedelta(minutes=6),
        saving_every=timedelta(minutes=5),
    )
    pauses = [
        pace.next_due(NOW, told_until=told_until, jitter=0, saving=True) - NOW
        for told_until in (None, after(days=1))
    ]
    assert pauses == [timedelta(minutes=5), timedelta(minutes=6)]
