"""The short way gives the answer of the longer one, or none."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.availability.answer_at_once import answer_at_once
from application.ports.known_times import KnownCalendar, KnownTime, Workings
from domain.account import Provider
from domain.availability import UncheckedReason
from domain.blocking import BlockingRule
from domain.deviation import Deviation, DeviationKind
from domain.ids import CalendarId, HoldId, SessionId
from domain.interval import Interval
from domain.reading import StoredReading
from domain.spans import Spans
from domain.taken import BookedTime, HeldTime
from tests.builders import ACCOUNT, EXPERT, HOLD, NOW, SESSION, after, an_interval
from tests.fakes.provider import Person
from tests.support.application import BUDGET, Application
from tests.unit.domain.strategies import WINDOW, intervals

OLD = NOW - timedelta(minutes=10)
KEPT = Interval(NOW - timedelta(days=2), NOW + timedelta(days=6))
busy = st.lists(intervals(), max_size=4)


def _reading(number: int, taken: list[Interval], moved: list[Interval]) -> StoredReading:
    return StoredReading(
        calendar_id=CalendarId(f"calendar-{number}"),
        window=KEPT,
        read_at=OLD + timedelta(minutes=number),
        busy=Spans.of(taken),
        rule=BlockingRule("Europe/Vienna"),
        deviations=tuple(
            Deviation(
                session_id=SessionId(f"moved-{place}"),
                revision=1,
                kind=DeviationKind.MOVED,
                at=one,
                blocks=one,
            )
            for place, one in enumerate(moved)
        ),
    )


def _calendar(reading: StoredReading) -> KnownCalendar:
    return KnownCalendar(
        calendar_id=reading.calendar_id,
        account_id=ACCOUNT,
        provider=Provider.MICROSOFT,
        remote_calendar_id="remote",
        account_active=True,
        missing=False,
        reading=reading,
    )


def _known(*calendars: KnownCalendar, booked: list[Interval] | None = None) -> KnownTime:
    return KnownTime(
        expert_id=EXPERT,
        rule=BlockingRule("Europe/Vienna"),
        calendars=calendars,
        booked=tuple(
            BookedTime(session_id=SessionId(f"session-{place}"), interval=one)
            for place, one in enumerate(booked or ())
        ),
        held=(),
        workings=Workings(),
    )


@given(st.lists(st.tuples(busy, busy), max_size=3), busy, intervals())
def test_what_is_taken_is_all_that_calendars_moved_events_and_sessions_take(
    calendars: list[tuple[list[Interval], list[Interval]]], booked: list[Interval], window: Interval
) -> None:
    readings = [_reading(number, *one) for number, one in enumerate(calendars)]
    known = _known(*map(_calendar, readings), booked=booked)
    answer = answer_at_once(known, window, not_before=OLD, came_at=NOW)

    assert answer is not None
    everything = [*booked, *(one for both in calendars for each in both for one in each)]
    assert answer.busy == Spans.of(everything).clipped_to(window)
    assert answer.complete
    assert [one.read_at for one in answer.readings] == [one.read_at for one in readings]


def test_nothing_checked_is_said() -> None:
    known = replace(_known(booked=[an_interval()]), unchecked=UncheckedReason.NO_CALENDAR_CHOSEN)
    answer = answer_at_once(known, WINDOW, not_before=OLD, came_at=NOW)
    assert answer is not None
    assert (answer.complete, answer.unchecked) == (True, UncheckedReason.NO_CALENDAR_CHOSEN)


READING = _reading(0, [an_interval()], [])
ONE = _calendar(READING)


@pytest.mark.parametrize(
    "known",
    [
        replace(_known(ONE), workings=None),
        replace(_known(ONE), held=(HeldTime(hold_id=HOLD, interval=an_interval()),)),
        replace(_known(ONE), rule=BlockingRule("Europe/London")),
        replace(_known(ONE), rule=BlockingRule("Europe/Vienna", tentative_blocks=True)),
        _known(replace(ONE, missing=True)),
        _known(replace(ONE, account_active=False)),
        _known(replace(ONE, reading=None)),
        _known(ONE, replace(ONE, reading=replace(READING, read_at=OLD - timedelta(seconds=1)))),
        _known(ONE, replace(ONE, reading=replace(READING, read_at=NOW))),
        _known(ONE, replace(ONE, reading=replace(READING, read_at=after(hours=1)))),
        _known(ONE, replace(ONE, reading=replace(READING, window=WINDOW))),
        _known(ONE, replace(ONE, reading=replace(READING, rule=BlockingRule("Europe/London")))),
        _known(
            ONE,
            replace(ONE, reading=replace(READING, rule=BlockingRule("Europe/Vienna", tentative_blocks=True))),
        ),
    ],
    ids=[
        "nothing is kept",
        "a hold",
        "another zone by now",
        "tentative events block by now",
        "a missing calendar",
        "a lost account",
        "not read yet",
        "too old",
        "read since the question came",
        "from the future",
        "a shorter window",
        "another zone then",
        "tentative events blocked then",
    ],
)
def test_everything_unusual_takes_the_longer_way(known: KnownTime) -> None:
    asked = Interval(WINDOW.start - timedelta(hours=1), WINDOW.end)

    assert answer_at_once(known, asked, not_before=OLD, came_at=NOW) is None
    assert answer_at_once(_known(ONE), asked, not_before=OLD, came_at=NOW) is not None


def test_what_was_worked_out_is_there_for_the_next_state_of_the_readings_times() -> None:
    known = _known(ONE)
    later = replace(known, calendars=(replace(ONE, reading=replace(READING, read_at=NOW)),))
    first, second = (
        answer_at_once(one, WINDOW, not_before=OLD, came_at=after(hours=1)) for one in (known, later)
    )

    assert first is not None
    assert second is not None
    assert first.taken is second.taken
    assert [one.read_at for one in second.readings] == [NOW]


async def test_a_question_that_leaves_something_out_is_worked_out_by_itself(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    app.clock.advance(timedelta(seconds=1))

    async def busy_hours(**left_out: set[SessionId] | set[HoldId]) -> Spans:
        known = await app.look_up_availability(EXPERT, WINDOW, budget=BUDGET, **left_out)  # type: ignore[arg-type]
        return known.busy

    assert list(await busy_hours()) == [an_interval()]
    assert list(await busy_hours(excluded={SESSION})) == []
    assert list(await busy_hours()) == [an_interval()]
