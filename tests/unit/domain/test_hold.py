"""Times that may be given to one only."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.availability import (
    LATER,
    NEXT_LOOK,
    SOON,
    Availability,
    Reading,
    ReadingSource,
    Unread,
    UnreadReason,
    still_held,
)
from domain.blocking import BlockingRule
from domain.hold import AvailabilityUnknown, CalendarsUnreadable, HoldNotFound, TimeTaken, require_free
from domain.ids import CalendarId, HoldId
from domain.interval import Interval
from domain.spans import Spans
from domain.taken import BookedTime, HeldTime, Taken
from tests.builders import ACCOUNT, CALENDAR, HOLD, NOW, SESSION, a_hold, an_interval
from tests.unit.domain.strategies import WINDOW

TWO_HOURS = a_hold(interval=an_interval(hours=2))


def known(
    *busy: Interval,
    unread: tuple[str, ...] = (),
    booked: tuple[BookedTime, ...] = (),
    held: tuple[HeldTime, ...] = (),
) -> Availability:
    reading = Reading(
        calendar_id=CALENDAR,
        account_id=ACCOUNT,
        read_at=NOW,
        busy=Spans.of(busy),
        source=ReadingSource.LIVE,
    )
    return Availability(
        window=WINDOW,
        rule=BlockingRule("UTC"),
        readings=(reading,),
        unread=tuple(
            Unread(calendar_id=CalendarId(one), account_id=ACCOUNT, reason=UnreadReason.TIMED_OUT)
            for one in unread
        ),
        taken=Taken(calendars=((CALENDAR, reading.busy),), booked=booked, held=held),
    )


def check(evidence: Availability) -> None:
    require_free(evidence.check(an_interval()), evidence.unread)


@pytest.mark.parametrize(
    "interval", [an_interval(hours=2), an_interval(), an_interval(starts=25), an_interval(starts=24.5)]
)
def test_covers_its_time_and_every_part_of_it(interval: Interval) -> None:
    TWO_HOURS.require_covers(interval, NOW)


@pytest.mark.parametrize(
    "interval", [an_interval(starts=23.5), an_interval(starts=25.5), an_interval(starts=30)]
)
def test_covers_no_other_time(interval: Interval) -> None:
    with pytest.raises(HoldNotFound):
        TWO_HOURS.require_covers(interval, NOW)


def test_covers_nothing_from_the_moment_it_expires() -> None:
    TWO_HOURS.require_covers(an_interval(), TWO_HOURS.expires_at - timedelta(microseconds=1))
    with pytest.raises(HoldNotFound):
        TWO_HOURS.require_covers(an_interval(), TWO_HOURS.expires_at)


def test_a_free_time_may_be_given() -> None:
    check(known(an_interval(starts=30)))


def test_a_busy_time_is_taken_even_where_not_everything_was_read() -> None:
    with pytest.raises(TimeTaken):
        check(known(an_interval()))
    with pytest.raises(TimeTaken):
        check(known(an_interval(), unread=("calendar-2",)))


def test_an_unread_calendar_is_named_and_nothing_given() -> None:
    with pytest.raises(AvailabilityUnknown) as refused:
        check(known(unread=("calendar-2", "calendar-3")))
    assert [one.calendar_id for one in refused.value.unread] == ["calendar-2", "calendar-3"]
    assert refused.value.retry_after == SOON


def unread(reason: UnreadReason, *, seconds: float | None = None, name: str = "calendar-2") -> Unread:
    pause = None if seconds is None else timedelta(seconds=seconds)
    return Unread(calendar_id=CalendarId(name), account_id=ACCOUNT, reason=reason, pause=pause)


def check_unread(*unread_calendars: Unread) -> None:
    evidence = replace(known(), unread=unread_calendars)
    require_free(evidence.check(an_interval()), evidence.unread)


def test_how_soon_another_look_may_help_is_known_of_every_reason() -> None:
    assert set(NEXT_LOOK) == set(UnreadReason)


@pytest.mark.parametrize(
    ("reason", "seconds", "pause"),
    [
        (UnreadReason.THROTTLED, 120, timedelta(seconds=120)),
        (UnreadReason.THROTTLED, 0.5, timedelta(seconds=0.5)),
        (UnreadReason.THROTTLED, None, SOON),
        (UnreadReason.TIMED_OUT, None, SOON),
        (UnreadReason.ACCESS_DENIED, None, LATER),
        (UnreadReason.SERVICE_MISCONFIGURED, None, LATER),
        (UnreadReason.CALENDAR_MISSING, 60, LATER),
    ],
)
def test_what_passes_by_itself_says_when_to_ask_again(
    reason: UnreadReason, seconds: float | None, pause: timedelta
) -> None:
    with pytest.raises(AvailabilityUnknown) as refused:
        check_unread(unread(reason, seconds=seconds))
    assert refused.value.retry_after == pause


def test_all_calendars_are_waited_for() -> None:
    slow, quick = (
        unread(UnreadReason.THROTTLED, seconds=120),
        unread(UnreadReason.TIMED_OUT, name="calendar-3"),
    )
    with pytest.raises(AvailabilityUnknown) as refused:
        check_unread(slow, quick)
    assert refused.value.retry_after == timedelta(seconds=120)


@pytest.mark.parametrize("reason", [UnreadReason.RECONNECT_REQUIRED, UnreadReason.CALENDAR_MISSING])
def test_nobody_is_told_to_wait_where_a_person_must_act(reason: UnreadReason) -> None:
    both = (unread(UnreadReason.THROTTLED, seconds=120), unread(reason, name="calendar-3"))
    with pytest.raises(CalendarsUnreadable) as refused:
        check_unread(*both)
    assert refused.value.unread == both


def test_a_held_time_is_busy_and_says_which_hold_it_is() -> None:
    held = HeldTime(hold_id=HOLD, interval=an_interval())
    evidence = known(held=(held,))
    assert list(evidence.busy) == [an_interval()]
    assert evidence.check(an_interval()).takers.holds == (HOLD,)
    with pytest.raises(TimeTaken) as refused:
        check(evidence)
    assert (refused.value.calendars, refused.value.sessions, refused.value.holds) == ((), (), (HOLD,))


def test_what_takes_a_time_is_named() -> None:
    evidence = known(
        an_interval(),
        booked=(BookedTime(session_id=SESSION, interval=an_interval()),),
        held=(HeldTime(hold_id=HOLD, interval=an_interval()),),
    )
    with pytest.raises(TimeTaken) as refused:
        check(evidence)
    assert (refused.value.calendars, refused.value.sessions, refused.value.holds) == (
        (CALENDAR,),
        (SESSION,),
        (HOLD,),
    )


def test_a_hold_about_to_become_a_session_is_left_out_of_the_check() -> None:
    one, other = (HeldTime(hold_id=HoldId(name), interval=an_interval()) for name in ("hold-1", "hold-2"))
    outside = HeldTime(hold_id=HoldId("hold-3"), interval=an_interval(starts=72))
    assert still_held([one, other, outside], window=WINDOW, excluded=[HOLD]) == (other,)
