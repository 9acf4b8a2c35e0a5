"""What happens while a calendar is read: no mark is lost, nothing old replaces what is new."""

from datetime import timedelta

import pytest

from domain.access import ProviderUnavailable
from domain.change import ChangeType
from domain.ids import CalendarId
from tests.builders import EXPERT, SESSION, an_interval
from tests.fakes.provider import Person
from tests.support.application import Application
from tests.unit.application.readings import MOMENT, SWEPT_EVERY, a_calendar_just_read, due_in, row


@pytest.fixture
async def calendar_id(app: Application, maria: Person) -> CalendarId:
    return await a_calendar_just_read(app, maria)


async def mark(app: Application, calendar_id: CalendarId) -> None:
    async with app.store.transaction() as tx:
        await tx.readings.mark(calendar_id, app.clock.now())


@pytest.mark.parametrize("after_doing", [False, True], ids=["before it is read", "after it was read"])
async def test_a_mark_that_lands_while_the_calendar_is_read_keeps_it_due(
    app: Application, maria: Person, calendar_id: CalendarId, after_doing: bool
) -> None:
    read = app.provider.hold("read_entries", after_doing=after_doing)
    async with app.running(app.read_calendar(calendar_id)) as reading:
        await read.reached.wait()
        app.clock.advance(MOMENT)
        maria.block(an_interval())
        await mark(app, calendar_id)
        read.release()
        await reading
    assert due_in(app, calendar_id) <= timedelta()

    await app.pass_time(SWEPT_EVERY)

    kept = row(app, calendar_id)
    assert kept.reading is not None
    assert list(kept.reading.busy) == [an_interval()]
    assert kept.due_at > app.clock.now()


async def test_a_mark_from_before_is_done_with_by_one_reading(
    app: Application, calendar_id: CalendarId
) -> None:
    await mark(app, calendar_id)
    await mark(app, calendar_id)

    await app.read_calendar(calendar_id)

    assert due_in(app, calendar_id) == timedelta(minutes=13)


async def test_a_slow_reading_never_replaces_one_that_began_later(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    slow = app.provider.hold("read_entries", after_doing=True)
    async with app.running(app.read_calendar(calendar_id)) as reading:
        await slow.reached.wait()
        app.clock.advance(MOMENT)
        maria.block(an_interval())
        await app.read_calendar(calendar_id)
        slow.release()
        await reading

    kept = row(app, calendar_id).reading
    assert kept is not None
    assert list(kept.busy) == [an_interval()]


async def test_two_processes_that_read_at_once_tell_a_change_once(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    maria.block(an_interval())
    app.forget_changes()
    first = app.provider.hold("read_entries", after_doing=True)
    async with app.running(app.read_calendar(calendar_id)) as one:
        await first.reached.wait()
        app.clock.advance(MOMENT)
        second = app.provider.hold("read_entries", after_doing=True)
        async with app.running(app.read_calendar(calendar_id)) as other:
            await second.reached.wait()
            first.release()
            await one
            second.release()
            await other

    assert len(app.changes(ChangeType.BUSY_TIME_CHANGED)) == 1


async def test_while_it_is_read_no_sweep_has_it_read_once_more(
    app: Application, calendar_id: CalendarId
) -> None:
    app.clock.advance(timedelta(hours=1))
    before = app.provider.calls["read_entries"]
    slow = app.provider.hold("read_entries")
    async with app.running(app.read_calendar(calendar_id)) as reading:
        await slow.reached.wait()
        for _ in range(7):
            await app.pass_time(SWEPT_EVERY)
        slow.release()
        await reading

    assert app.provider.calls["read_entries"] == before + 1


async def test_a_failure_that_comes_late_does_not_put_off_what_was_read_meanwhile(
    app: Application, calendar_id: CalendarId
) -> None:
    app.provider.fail("read_entries", ProviderUnavailable())
    slow = app.provider.hold("read_entries")
    async with app.running(app.read_calendar(calendar_id)) as reading:
        await slow.reached.wait()
        app.clock.advance(MOMENT)
        await app.read_calendar(calendar_id)
        slow.release()
        await reading

    assert row(app, calendar_id).failures == 0
    assert due_in(app, calendar_id) == timedelta(minutes=13)


@pytest.mark.parametrize("erased", [True, False], ids=["erased", "unchosen"])
async def test_nothing_is_brought_back_that_went_during_the_reading(
    app: Application, calendar_id: CalendarId, erased: bool
) -> None:
    read = app.provider.hold("read_entries", after_doing=True)
    async with app.running(app.read_calendar(calendar_id)) as reading:
        await read.reached.wait()
        if erased:
            await app.delete_expert(EXPERT)
        else:
            await app.update_calendar_settings(EXPERT, conflict=[])
        app.forget_changes()
        read.release()
        await reading

    assert app.store.tables.readings == {}
    assert app.changes() == []


async def test_an_event_written_while_the_calendar_is_read_is_known_for_ours(
    app: Application, calendar_id: CalendarId
) -> None:
    read = app.provider.hold("read_entries")
    async with app.running(app.read_calendar(calendar_id)) as reading:
        await read.reached.wait()
        await app.book()
        await app.write(SESSION)
        read.release()
        await reading

    kept = row(app, calendar_id).reading
    assert kept is not None
    assert not kept.busy
