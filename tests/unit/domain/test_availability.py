"""Verdicts on candidate times: free only where everything was read."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.availability import (
    LONGEST_WINDOW,
    Availability,
    Reading,
    ReadingSource,
    Unread,
    UnreadReason,
    Verdict,
    require_answerable,
    still_booked,
)
from domain.blocking import BlockingRule
from domain.ids import CalendarId, SessionId
from domain.interval import Interval, WindowTooLong
from domain.spans import Spans
from domain.taken import BookedTime, Taken
from tests.builders import ACCOUNT, NOW, after, an_interval
from tests.unit.domain.strategies import WINDOW, covered_hours, intervals

NOON = an_interval(starts=24)


def _reading(*busy: Interval, calendar: str = "calendar-1") -> Reading:
    return Reading(
        calendar_id=CalendarId(calendar),
        account_id=ACCOUNT,
        read_at=NOW,
        busy=Spans.of(busy),
        source=ReadingSource.STORED,
    )


def _unread(calendar: str = "calendar-2", reason: UnreadReason = UnreadReason.PROVIDER_UNAVAILABLE) -> Unread:
    return Unread(calendar_id=CalendarId(calendar), account_id=ACCOUNT, reason=reason)


def _booked(session: str = "session-1", interval: Interval = NOON) -> BookedTime:
    return BookedTime(session_id=SessionId(session), interval=interval)


def _known(
    *readings: Reading, unread: tuple[Unread, ...] = (), booked: tuple[BookedTime, ...] = ()
) -> Availability:
    calendars = [(one.calendar_id, one.busy) for one in readings]
    return Availability(
        window=WINDOW,
        rule=BlockingRule("UTC"),
        readings=readings,
        unread=unread,
        taken=Taken(calendars=calendars, booked=booked),
    )


def test_is_free_when_every_calendar_was_read_and_none_is_busy() -> None:
    assert _known(_reading(an_interval(starts=30))).check(NOON).verdict is Verdict.FREE


def test_is_free_with_no_calendar_to_check_and_no_session() -> None:
    assert _known().check(NOON).verdict is Verdict.FREE


def test_names_the_calendars_and_sessions_that_make_it_busy() -> None:
    known = _known(
        _reading(NOON, calendar="calendar-1"),
        _reading(an_interval(starts=30), calendar="calendar-2"),
        _reading(an_interval(starts=0, hours=48), calendar="calendar-3"),
        booked=(_booked("session-1"), _booked("session-2", an_interval(starts=30))),
    )
    checked = known.check(NOON)
    assert checked.verdict is Verdict.BUSY
    assert checked.takers.calendars == ("calendar-1", "calendar-3")
    assert checked.takers.sessions == ("session-1",)


def test_a_session_makes_busy_from_the_moment_it_is_accepted() -> None:
    assert _known(_reading(), booked=(_booked(),)).check(NOON).verdict is Verdict.BUSY


@pytest.mark.parametrize("starts", [23, 25], ids=["before", "behind"])
def test_a_candidate_that_touches_busy_time_is_free(starts: float) -> None:
    known = _known(_reading(NOON), booked=(_booked(),))
    assert known.check(an_interval(starts=starts)).verdict is Verdict.FREE


@pytest.mark.parametrize("reason", UnreadReason)
def test_one_unread_calendar_makes_every_other_time_unknown(reason: UnreadReason) -> None:
    known = _known(_reading(NOON), unread=(_unread(reason=reason),))
    assert not known.complete
    assert known.check(an_interval(starts=30)).verdict is Verdict.UNKNOWN


def test_what_is_known_to_be_busy_stays_busy_with_a_calendar_unread() -> None:
    assert _known(_reading(NOON), unread=(_unread(),)).check(NOON).verdict is Verdict.BUSY


@pytest.mark.parametrize(
    "candidate",
    [an_interval(starts=100), an_interval(starts=-1, hours=2), an_interval(starts=71, hours=2)],
    ids=["beyond", "across the start", "across the end"],
)
def test_nothing_outside_the_window_is_called_free(candidate: Interval) -> None:
    assert _known(_reading()).check(candidate).verdict is Verdict.UNKNOWN


READINGS = st.lists(st.lists(intervals(), max_size=3), max_size=3).map(
    lambda calendars: tuple(_reading(*busy, calendar=f"calendar-{n}") for n, busy in enumerate(calendars))
)
BOOKED = st.lists(intervals(), max_size=3).map(
    lambda taken: tuple(_booked(f"session-{n}", one) for n, one in enumerate(taken))
)
UNREAD = st.lists(st.sampled_from(UnreadReason), max_size=2).map(
    lambda reasons: tuple(_unread(f"unread-{n}", reason) for n, reason in enumerate(reasons))
)


@settings(deadline=None)
@given(READINGS, BOOKED, UNREAD, intervals())
def test_free_means_all_read_and_nothing_there(
    readings: tuple[Reading, ...],
    booked: tuple[BookedTime, ...],
    unread: tuple[Unread, ...],
    candidate: Interval,
) -> None:
    known = _known(*readings, booked=booked, unread=unread)
    taken = [one for reading in readings for one in reading.busy] + [one.interval for one in booked]
    collides = bool(covered_hours(taken) & covered_hours([candidate]))
    verdict = known.check(candidate).verdict
    assert (verdict is Verdict.BUSY) is collides
    assert (verdict is Verdict.FREE) is (not collides and not unread and WINDOW.holds(candidate))


@settings(deadline=None)
@given(READINGS, BOOKED, UNREAD)
def test_busy_time_is_all_that_calendars_and_sessions_take_inside_the_window(
    readings: tuple[Reading, ...], booked: tuple[BookedTime, ...], unread: tuple[Unread, ...]
) -> None:
    taken = [one for reading in readings for one in reading.busy] + [one.interval for one in booked]
    busy = _known(*readings, booked=booked, unread=unread).busy
    assert covered_hours(list(busy)) == covered_hours(taken) & covered_hours([WINDOW])


def test_a_session_being_moved_is_left_out_of_its_own_check() -> None:
    booked = _booked("session-1"), _booked("session-2")
    assert still_booked(booked, window=WINDOW, excluded=[SessionId("session-1")]) == (booked[1],)


def test_sessions_outside_the_window_take_none_of_it() -> None:
    inside, across = _booked("session-1"), _booked("session-2", an_interval(starts=-1, hours=2))
    outside = _booked("session-3", an_interval(starts=72)), _booked("session-4", an_interval(starts=-1))
    assert still_booked([inside, *outside, across], window=WINDOW) == (inside, across)


def test_answers_for_a_leap_year_and_not_for_longer() -> None:
    require_answerable(Interval(NOW, NOW + timedelta(days=366)))
    with pytest.raises(WindowTooLong) as refused:
        require_answerable(Interval(NOW, after(days=366, seconds=1)))
    assert refused.value.limit == LONGEST_WINDOW == timedelta(days=366)
