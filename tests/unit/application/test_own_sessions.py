"""Sessions in the busy time: each counts once, from its acceptance to its cancellation, whatever the calendar shows."""

import asyncio
from datetime import timedelta

from domain.access import (
    ProviderUnavailable,
)
from domain.availability import Availability, Verdict
from domain.blocking import CalendarEntry, Instants, ShowAs
from domain.change import ChangeType
from domain.ids import SessionId
from domain.interval import Interval
from tests.builders import EXPERT, NOW, SESSION, after, an_interval
from tests.fakes.provider import Person
from tests.support.application import Application

WINDOW = Interval(NOW, after(days=7))
BUDGET = timedelta(seconds=5)


async def look_up(app: Application, *, excluded: tuple[str, ...] = ()) -> Availability:
    """Look now."""
    return await app.look_up_availability(
        EXPERT, WINDOW, excluded=[SessionId(one) for one in excluded], max_age=timedelta(), budget=BUDGET
    )


def verdict(known: Availability, candidate: Interval) -> Verdict:
    return known.check(candidate).verdict


async def test_a_session_counts_from_the_moment_it_is_accepted(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()

    known = await look_up(app)

    checked = known.check(an_interval())
    assert (checked.verdict, checked.takers.calendars, checked.takers.sessions) == (
        Verdict.BUSY,
        (),
        (SESSION,),
    )


async def test_our_own_event_does_not_count_beside_its_session(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    assert len(maria.events) == 1

    known = await look_up(app)

    assert tuple(known.readings[0].busy) == ()
    assert tuple(known.busy) == (an_interval(),)


async def test_a_session_that_is_being_moved_can_be_left_out(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    await app.book("session-2", interval=an_interval(starts=26))
    await app.run_jobs()

    known = await look_up(app, excluded=(SESSION,))

    assert verdict(known, an_interval()) is Verdict.FREE
    assert tuple(known.busy) == (an_interval(starts=26),)


async def test_a_cancelled_session_whose_event_is_still_there_does_not_block(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    await app.cancel_session(EXPERT, SESSION)
    assert len(maria.events) == 1

    assert tuple((await look_up(app)).busy) == ()


async def test_an_old_event_of_a_moved_session_does_not_block(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    await app.book(interval=an_interval(starts=60))

    assert tuple((await look_up(app)).busy) == (an_interval(starts=60),)


async def test_an_event_whose_outcome_is_unknown_does_not_count_beside_its_session(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    app.provider.fail("create", ProviderUnavailable(outcome_unknown=True), after_doing=True)
    await app.run_jobs()
    assert len(maria.events) == 1

    known = await look_up(app, excluded=(SESSION,))

    assert tuple(known.busy) == ()


async def test_a_session_accepted_during_the_reads_counts(app: Application, maria: Person) -> None:
    await app.connect(maria)
    read = app.provider.hold("read_entries")
    looking = asyncio.create_task(look_up(app))
    await read.reached.wait()
    await app.book()
    read.release()

    assert tuple((await looking).busy) == (an_interval(),)


async def test_a_session_written_during_the_reads_counts_once_and_can_be_left_out(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    read = app.provider.hold("read_entries")
    looking = asyncio.create_task(look_up(app, excluded=(SESSION,)))
    await read.reached.wait()
    await app.book()
    await app.write()
    read.release()

    assert tuple((await looking).busy) == ()


async def test_a_mark_that_is_not_ours_does_not_hide_an_event(app: Application, maria: Person) -> None:
    await app.connect(maria)
    maria.block(an_interval(), mark="somebody-elses-transaction")

    assert tuple((await look_up(app)).busy) == (an_interval(),)


async def test_another_experts_session_in_a_shared_account_blocks(app: Application, maria: Person) -> None:
    await app.add_expert("expert-2")
    await app.connect(maria)
    await app.connect(maria, expert_id="expert-2")
    await app.book(expert_id="expert-2")
    await app.run_jobs()

    known = await look_up(app)

    assert tuple(known.busy) == (an_interval(),)
    assert known.check(an_interval()).takers.sessions == ()


async def test_an_invited_copy_under_the_same_id_is_not_the_event_itself(
    app: Application, maria: Person
) -> None:
    """At some providers an event has one id in each calendar that it is in: only with the calendar it names one."""
    side = maria.add_calendar("Side")
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    both = [(await app.calendar(one)).calendar_id for one in (maria.the_event.calendar, side)]
    await app.update_calendar_settings(EXPERT, conflict=both)
    event, slot = maria.the_event, an_interval()
    maria.add_entry(
        side,
        CalendarEntry(
            when=Instants(slot.start, slot.end),
            show_as=ShowAs.BUSY,
            mark=event.mark,
            remote_id=event.remote_id,
        ),
    )
    await app.run_jobs()
    app.clock.advance(timedelta(seconds=1))

    assert verdict(await look_up(app, excluded=(SESSION,)), slot) is Verdict.FREE
    assert app.changes(ChangeType.SESSION_EVENT_CHANGED) == []

    await app.cancel_session(EXPERT, SESSION)
    assert (await look_up(app)).check(slot).takers.calendars == (both[1],)
    await app.run_jobs()
    app.clock.advance(timedelta(seconds=1))
    assert (await look_up(app)).check(slot).takers.calendars == (both[1],)
