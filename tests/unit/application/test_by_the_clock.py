"""What the clock alone brings about: looks, lists, and the end of what has ended."""

from datetime import timedelta

import pytest

from application.calendars.refresh_calendars import LISTED_EVERY
from domain.access import ProviderUnavailable
from tests.builders import ACCOUNT, EXPERT, an_interval
from tests.fakes.provider import Person
from tests.support.application import Application

PRIMARY = "object-maria/Calendar"


async def test_what_is_done_or_not_due_is_left_alone(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    app.provider.outage = True
    await app.book("session-2", interval=an_interval(starts=30))
    await app.run_jobs()

    await app.forget_ended()

    assert app.store.wishes == ()


async def test_sign_ins_that_ended_unused_are_forgotten(app: Application) -> None:
    await app.start()
    app.clock.advance(timedelta(minutes=5))
    young = await app.start()
    app.clock.advance(timedelta(minutes=5))

    await app.forget_ended()

    assert list(app.store.tables.attempts) == [young]


async def test_a_reading_whose_job_was_lost_is_made_all_the_same(app: Application, maria: Person) -> None:
    await app.connect(maria)

    await app.forget_ended()
    await app.run_jobs()

    (row,) = app.store.tables.readings.values()
    assert row.reading is not None
    assert len(app.push.live) == 1


async def test_a_list_of_calendars_is_looked_at_again_every_few_hours(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    maria.add_calendar("New one")
    await app.pass_time(LISTED_EVERY - timedelta(minutes=1))
    assert app.provider.calls["list_calendars"] == 0

    await app.pass_time(timedelta(minutes=1))

    assert app.provider.calls["list_calendars"] == 1
    assert len((await app.list_calendars(EXPERT)).calendars) == 2


@pytest.mark.parametrize("empty", [True, False], ids=["not believed", "failed"])
async def test_a_list_that_was_no_good_is_looked_at_again_sooner(
    app: Application, maria: Person, empty: bool
) -> None:
    await app.connect(maria)
    before = dict(maria.calendars)
    if empty:
        maria.calendars.clear()
    else:
        app.provider.fail("list_calendars", ProviderUnavailable())
    app.clock.advance(LISTED_EVERY)
    await app.refresh_calendars(ACCOUNT)
    maria.calendars.update(before)
    maria.add_calendar("New one")
    assert len((await app.list_calendars(EXPERT)).calendars) == 1

    await app.pass_time(timedelta(minutes=30))

    assert len((await app.list_calendars(EXPERT)).calendars) == 2


async def test_the_lists_of_lost_accounts_are_left_alone(app: Application, maria: Person) -> None:
    await app.connect(maria)
    maria.revoke()
    await app.refresh_calendars(ACCOUNT)
    calls = app.provider.calls["list_calendars"]

    await app.pass_time(timedelta(days=2))

    assert app.provider.calls["list_calendars"] == calls


async def test_a_vanished_calendar_comes_back_with_its_choices(app: Application, maria: Person) -> None:
    maria.add_calendar("Other")
    await app.connect(maria)
    await app.run_jobs()
    kept = maria.calendars.pop(PRIMARY)
    await app.pass_time(LISTED_EVERY)
    assert (await app.calendar(PRIMARY)).missing

    maria.block(an_interval(starts=48), calendar=PRIMARY)
    maria.calendars[PRIMARY] = kept
    await app.pass_time(LISTED_EVERY)

    calendar = await app.calendar(PRIMARY)
    assert (await app.get_calendar_settings(EXPERT)).settings.conflict == {calendar.calendar_id}
    reading = app.store.tables.readings[calendar.calendar_id].reading
    assert reading is not None
    assert list(reading.busy) == [an_interval(starts=48)]
    assert len(app.push.on(PRIMARY)) == 1


async def test_holds_that_have_expired_are_forgotten(app: Application) -> None:
    await app.hold(lifetime=timedelta(minutes=5))
    await app.hold("hold-2", interval=an_interval(starts=30), lifetime=timedelta(minutes=10))
    app.clock.advance(timedelta(minutes=5))

    await app.forget_ended()

    assert list(app.store.tables.holds) == [(EXPERT, "hold-2")]
