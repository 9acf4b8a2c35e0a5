"""Bringing sessions into the calendar: one event each, in its newest state, wherever it is."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from application.sessions.write_session import MOST_STEPS
from domain.access import ProviderUnavailable
from domain.account import Provider
from domain.ids import SessionId
from domain.interval import Interval
from domain.session import Hindrance, Replacement, WriteStatus
from tests.builders import EXPERT, SESSION, an_interval, some_details
from tests.fakes.provider import Person
from tests.support.application import Application

PRIMARY = "object-maria/Calendar"


async def test_a_session_becomes_an_event_in_the_write_calendar(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    await app.book()
    await app.run_jobs()

    event, session = maria.the_event, await app.session()
    assert (event.calendar, event.interval, event.details) == (PRIMARY, an_interval(), some_details())
    assert event.reminder_minutes == 15
    assert (session.status, session.hindrance, session.written_revision) == (WriteStatus.WRITTEN, None, 1)
    assert session.written_at == app.clock.now()
    assert session.due_at is None
    assert session.copy is not None
    assert (session.copy.account_id, session.copy.remote_id) == (account.account_id, event.remote_id)
    assert (session.copy.mark, session.replacement) == (event.mark, None)
    assert app.provider.calls["create"] == 1
    assert app.provider.calls["find"] == 0


async def test_a_written_session_is_not_written_again(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()

    await app.write()
    await app.pass_time(timedelta(days=1))

    assert app.provider.calls["create"] == 1
    assert app.provider.calls["update"] == 0


async def test_a_change_lands_on_the_same_event(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    before = maria.the_event.remote_id

    await app.book(interval=an_interval(starts=30), details=some_details("New title"))
    await app.run_jobs()

    event, session = maria.the_event, await app.session()
    assert (event.remote_id, event.interval, event.details.title) == (
        before,
        an_interval(starts=30),
        "New title",
    )
    assert (session.status, session.written_revision) == (WriteStatus.WRITTEN, 2)


async def test_a_cancelled_sessions_event_is_removed(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()

    session = await app.session()
    assert maria.events == {}
    assert (session.status, session.written_revision, session.copy) == (WriteStatus.WRITTEN, 2, None)
    assert session.hindrance is None


async def test_a_session_cancelled_before_it_was_written_never_reaches_the_provider(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()

    assert (await app.session()).status is WriteStatus.WRITTEN
    assert app.provider.calls["create"] == 0
    assert app.provider.calls["delete"] == 0


async def test_a_session_put_again_after_its_cancellation_gets_a_new_event_with_a_new_mark(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    first = maria.the_event.mark
    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()

    await app.book()
    await app.run_jobs()

    assert maria.the_event.mark != first
    assert (await app.session()).replacement is None


async def test_an_owners_own_reminder_survives_changes_until_the_session_changes_it(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    maria.the_event.reminder_minutes = 60

    await app.book(details=some_details("New title"))
    await app.run_jobs()
    assert maria.the_event.reminder_minutes == 60

    await app.book(details=some_details("New title", reminder_minutes=None))
    await app.run_jobs()
    assert maria.the_event.reminder_minutes is None


async def test_a_reminder_whose_moment_has_passed_is_set_when_the_session_is_moved_to_a_later_time(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    soon = Interval(app.clock.now() + timedelta(minutes=10), app.clock.now() + timedelta(minutes=70))
    await app.book(interval=soon)
    await app.run_jobs()
    assert maria.the_event.reminder_minutes is None
    assert (await app.session()).details.reminder_minutes == 15

    await app.book(interval=soon, details=some_details("New title"))
    await app.run_jobs()
    assert maria.the_event.reminder_minutes is None

    await app.book(interval=an_interval(), details=some_details("New title"))
    await app.run_jobs()
    assert maria.the_event.reminder_minutes == 15


@pytest.mark.parametrize("stored", [True, False])
async def test_so_it_is_when_the_outcome_of_its_creation_was_not_known(
    app: Application, maria: Person, stored: bool
) -> None:
    await app.connect(maria)
    soon = Interval(app.clock.now() + timedelta(minutes=20), app.clock.now() + timedelta(minutes=80))
    await app.book(interval=soon)
    app.provider.fail("create", ProviderUnavailable(outcome_unknown=True), after_doing=stored)
    await app.run_jobs()
    await app.pass_time(timedelta(minutes=10))
    assert maria.the_event.reminder_minutes == (15 if stored else None)

    await app.book(interval=an_interval())
    await app.run_jobs()
    assert maria.the_event.reminder_minutes == 15


async def test_an_owners_own_reminder_stays_when_ours_has_passed(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book(interval=an_interval(starts=1))
    await app.run_jobs()
    assert maria.the_event.reminder_minutes == 15
    maria.the_event.reminder_minutes = 60
    await app.pass_time(timedelta(minutes=50))

    await app.book(interval=an_interval(starts=1), details=some_details("New title"))
    await app.run_jobs()
    await app.book(interval=an_interval(), details=some_details("New title"))
    await app.run_jobs()

    assert maria.the_event.reminder_minutes == 60


async def test_an_event_deleted_by_hand_is_written_again_with_the_next_change_only(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    first = maria.the_event
    maria.events.clear()
    await app.pass_time(timedelta(days=1))
    assert maria.events == {}

    await app.book(interval=an_interval(starts=60))
    await app.run_jobs()

    session = await app.session()
    assert maria.the_event.interval == an_interval(starts=60)
    assert maria.the_event.mark != first.mark
    assert (session.status, session.replacement) == (WriteStatus.WRITTEN, Replacement.EVENT_DELETED)


async def test_cancelling_a_session_whose_event_was_deleted_by_hand_succeeds(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    maria.events.clear()

    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()

    assert (await app.session()).status is WriteStatus.WRITTEN


async def test_an_event_moved_to_another_calendar_by_hand_is_changed_where_it_is(
    app: Application, maria: Person
) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    maria.the_event.calendar = side

    await app.book(interval=an_interval(starts=30))
    await app.run_jobs()

    assert (maria.the_event.calendar, maria.the_event.interval) == (side, an_interval(starts=30))


async def test_a_later_choice_moves_nothing_that_is_written(app: Application, maria: Person) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    await app.update_calendar_settings(EXPERT, write=(await app.calendar(side)).calendar_id)

    await app.book(interval=an_interval(starts=30))
    await app.book("session-2", interval=an_interval(starts=32))
    await app.run_jobs()

    by_start = sorted(maria.events.values(), key=lambda one: one.interval)
    assert [one.calendar for one in by_start] == [PRIMARY, side]
    assert by_start[0].interval == an_interval(starts=30)


async def test_a_session_waits_until_there_is_a_calendar_to_write_to(app: Application, maria: Person) -> None:
    await app.book()
    await app.run_jobs()
    waiting = await app.session()
    assert (waiting.status, waiting.hindrance) == (WriteStatus.WAITING, Hindrance.NO_WRITABLE_CALENDAR)

    await app.connect(maria)
    await app.run_jobs()

    assert (await app.session()).status is WriteStatus.WRITTEN
    assert (await app.session()).hindrance is None


async def test_waiting_sessions_are_looked_at_now_and_then_even_if_nobody_calls(
    app: Application, maria: Person
) -> None:
    maria.add_calendar("Calendar", primary=True, writable=False)
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    maria.add_calendar("Calendar", primary=True)
    known = await app.calendar(PRIMARY)
    async with app.store.transaction() as tx:
        await tx.calendars.save([replace(known, remote=maria.calendars[PRIMARY])])

    await app.pass_time(timedelta(minutes=4))
    assert (await app.session()).status is WriteStatus.WAITING
    await app.pass_time(timedelta(minutes=2))
    assert (await app.session()).status is WriteStatus.WRITTEN


async def test_waiting_sessions_are_written_in_the_order_of_their_starts(
    app: Application, maria: Person
) -> None:
    starts = {"late": 60, "early": 24, "middle": 40}
    for name, hours in starts.items():
        await app.book(name, interval=an_interval(starts=hours))
    await app.run_jobs()
    await app.connect(maria)
    await app.run_jobs()

    order = [event.interval for event in maria.events.values()]
    assert order == [an_interval(starts=hours) for hours in sorted(starts.values())]


async def test_nothing_happens_to_unknown_sessions(app: Application) -> None:
    await app.write_session(EXPERT, SessionId("unknown"))

    assert app.store.take_woken() == []


async def test_an_expert_erased_during_the_call_leaves_nothing_behind(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    creating = app.provider.hold("create")
    writing = asyncio.create_task(app.write())
    await creating.reached.wait()
    await app.delete_expert(EXPERT)
    creating.release()
    await writing

    tables = app.store.tables
    assert (tables.sessions, tables.session_claims, tables.marks, tables.wishes) == ({}, {}, {}, [])


async def test_a_good_write_ends_the_alarm(app: Application, maria: Person) -> None:
    await app.connect(maria)
    app.alarms.provider_misconfigured(Provider.MICROSOFT, "invalid_client")
    await app.book()
    await app.run_jobs()

    assert app.alarms.raised == {}


@pytest.mark.parametrize("text", ["", "x" * 20_000, "<b>bold</b> & 🎈"])
async def test_details_reach_the_event_as_they_are(app: Application, maria: Person, text: str) -> None:
    await app.connect(maria)
    details = some_details(f"T {text}", text=text, place=text)
    await app.book(details=details)
    await app.run_jobs()

    assert maria.the_event.details == details


async def test_changes_that_come_as_fast_as_they_are_written_wait_for_nothing(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    held = app.provider.hold("create")
    writing = asyncio.create_task(app.write())
    for change in range(1, MOST_STEPS):
        await held.reached.wait()
        await app.book(interval=an_interval(starts=24 + change))
        now, held = held, app.provider.hold("update")
        now.release()
    await held.reached.wait()
    await app.book(interval=an_interval(starts=48))
    held.release()
    await writing

    session = await app.session()
    assert (session.status, session.hindrance, session.failures) == (WriteStatus.PENDING, None, 0)
    await app.run_jobs()
    assert (await app.session()).status is WriteStatus.WRITTEN
    assert maria.the_event.interval == an_interval(starts=48)
