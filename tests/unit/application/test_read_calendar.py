"""Reading ahead: what is kept of a look, and when the next is due."""

from datetime import datetime, timedelta

import pytest

from domain.blocking import BlockingRule
from domain.ids import CalendarId
from tests.builders import after, an_interval
from tests.fakes.provider import Person
from tests.support.application import DEFAULT_MAX_AGE, Application
from tests.support.wiring import an_application
from tests.unit.application.readings import MOMENT, PRIMARY, SWEPT_EVERY, a_calendar_just_read, due_in, row


@pytest.fixture
async def calendar_id(app: Application, maria: Person) -> CalendarId:
    return await a_calendar_just_read(app, maria)


async def test_keeps_the_time_and_nothing_else(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    maria.block(an_interval())

    assert await app.read_calendar(calendar_id) is None

    reading = row(app, calendar_id).reading
    assert reading is not None
    assert (reading.read_at, reading.rule) == (app.clock.now(), BlockingRule("Europe/Berlin"))
    assert list(reading.busy) == [an_interval()]
    assert reading.window.start < after(days=-1)
    assert reading.window.end > after(days=120)


async def test_events_beyond_the_window_are_not_kept(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    for days in (-3, 125):
        maria.block(an_interval(starts=24 * days))

    await app.read_calendar(calendar_id)

    reading = row(app, calendar_id).reading
    assert reading is not None
    assert not reading.busy


async def test_our_own_events_are_no_busy_time_and_those_of_others_are(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    maria.block(an_interval(starts=30), mark="somebody-elses")
    await app.book()
    await app.run_jobs()

    await app.read_calendar(calendar_id)

    reading = row(app, calendar_id).reading
    assert reading is not None
    assert list(reading.busy) == [an_interval(starts=30)]


async def test_is_read_again_often_without_notifications_and_rarely_with(maria: Person) -> None:
    for push_on, pause in ((False, timedelta(minutes=5)), (True, timedelta(minutes=13))):
        app = an_application(push_on=push_on)
        await app.add_expert()
        await app.connect(app.provider.add_person("maria"))
        await app.run_jobs()
        assert due_in(app, (await app.calendar(PRIMARY)).calendar_id) == pause


async def test_a_subscription_that_has_ended_counts_for_nothing(
    app: Application, calendar_id: CalendarId
) -> None:
    app.push.refuses = "off"
    app.clock.advance(timedelta(days=7))

    await app.read_calendar(calendar_id)

    assert due_in(app, calendar_id) == timedelta(minutes=5)


@pytest.mark.parametrize("push_refused", [True, False], ids=["without push", "with push"])
async def test_polling_alone_brings_every_change(app: Application, maria: Person, push_refused: bool) -> None:
    """Whatever becomes of the notifications, of which none is ever sent here."""
    app.push.refuses = "off" if push_refused else ""
    await app.connect(maria)
    await app.run_jobs()
    maria.block(an_interval())

    for _ in range(6 * 61):
        await app.pass_time(SWEPT_EVERY)

    reading = row(app, (await app.calendar(PRIMARY)).calendar_id).reading
    assert reading is not None
    assert list(reading.busy) == [an_interval()]


@pytest.mark.parametrize(
    ("push_refused", "most"), [(True, timedelta(minutes=6)), (False, timedelta(minutes=14))]
)
async def test_a_stored_reading_always_satisfies_the_default_bound_though_nothing_is_told(
    app: Application, maria: Person, push_refused: bool, most: timedelta
) -> None:
    app.push.refuses = "off" if push_refused else ""
    await app.connect(maria)
    await app.run_jobs()
    oldest = timedelta()

    for _ in range(6 * 45):
        await app.pass_time(SWEPT_EVERY)
        (kept,) = app.store.tables.readings.values()
        assert kept.reading is not None
        oldest = max(oldest, app.clock.now() - kept.reading.read_at)

    assert most - timedelta(minutes=2) < oldest < most < DEFAULT_MAX_AGE


async def test_nothing_is_read_earlier_than_planned(app: Application, calendar_id: CalendarId) -> None:
    before = app.provider.calls["read_entries"]
    due_at: datetime = row(app, calendar_id).due_at
    app.clock.advance(due_at - app.clock.now() - MOMENT)
    await app.forget_ended()
    await app.run_jobs()
    assert app.provider.calls["read_entries"] == before

    await app.pass_time(MOMENT)
    assert app.provider.calls["read_entries"] == before + 1
