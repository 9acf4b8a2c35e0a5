"""What providers send: each change is seen by a later read, and nothing forged changes anything."""

import asyncio
from datetime import timedelta

import pytest

from application.notifications.notification import Notice, Notification
from domain.availability import Availability
from domain.interval import Interval
from domain.subscription import WANTED_LIFETIME
from tests.builders import EXPERT, NOW, after, an_interval
from tests.fakes.provider import Person
from tests.support.application import BUDGET, Application
from tests.unit.application.readings import has_to_be_read

WINDOW = Interval(NOW, after(days=7))
PRIMARY, SIDE = "object-maria/Calendar", "object-maria/Side"
MOMENT = timedelta(seconds=1)


@pytest.fixture
async def watched(app: Application, maria: Person) -> Person:
    """Maria, both of whose calendars are checked, subscribed to and were read a second ago."""
    maria.add_calendar("Side")
    await app.connect(maria)
    both = [(await app.calendar(one)).calendar_id for one in (PRIMARY, SIDE)]
    await app.update_calendar_settings(EXPERT, conflict=both)
    await app.run_jobs()
    app.clock.advance(MOMENT)
    app.provider.calls.clear()
    return maria


async def stored(app: Application) -> Availability:
    """As readings of up to a quarter of an hour ago tell it, without asking the provider."""
    app.provider.outage = True
    known = await app.look_up_availability(EXPERT, WINDOW, budget=BUDGET)
    app.provider.outage = False
    return known


def reads(app: Application) -> int:
    return app.provider.calls["read_entries"]


async def test_a_change_told_is_in_the_next_answer(app: Application, watched: Person) -> None:
    watched.block(an_interval())

    assert await app.take_notifications(app.push.delivery(PRIMARY)) == 1
    await app.run_jobs()

    assert list((await stored(app)).busy) == [an_interval()]
    assert reads(app) == 1


async def test_one_delivery_may_tell_of_several_calendars(app: Application, watched: Person) -> None:
    for calendar, starts in ((PRIMARY, 24), (SIDE, 30)):
        watched.block(an_interval(starts=starts), calendar=calendar)

    assert await app.take_notifications(app.push.delivery(PRIMARY, SIDE)) == 2
    await app.run_jobs()

    assert list((await stored(app)).busy) == [an_interval(starts=24), an_interval(starts=30)]
    assert reads(app) == 2


async def test_duplicates_cost_one_reading(app: Application, watched: Person) -> None:
    watched.block(an_interval())
    delivery = app.push.delivery(PRIMARY)

    assert await app.take_notifications(delivery * 3) == 1
    await app.take_notifications(delivery)
    await app.run_jobs()

    assert reads(app) == 1


@pytest.mark.usefixtures("watched")
async def test_a_replay_can_cause_no_more_than_a_reading(app: Application) -> None:
    delivery = app.push.delivery(PRIMARY)
    before = await stored(app)
    await app.take_notifications(delivery)
    await app.run_jobs()
    app.forget_changes()

    await app.take_notifications(delivery)
    await app.run_jobs()

    assert app.changes() == []
    assert (await stored(app)).busy == before.busy


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("notice", Notice)
async def test_a_wrong_secret_or_an_unknown_subscription_changes_nothing(
    app: Application, notice: Notice
) -> None:
    (ours,) = app.push.on(PRIMARY)
    (other,) = app.push.on(SIDE)
    forged = [
        Notification(remote_id=ours.remote_id, secret="guessed", notice=notice),
        Notification(remote_id=ours.remote_id, secret="", notice=notice),
        Notification(remote_id=ours.remote_id, secret=other.secret, notice=notice),
        Notification(remote_id="unknown", secret=ours.secret, notice=notice),
    ]
    before = app.store.tables

    assert await app.take_notifications(forged) == 0

    assert app.store.wishes == ()
    assert app.store.tables.readings == before.readings
    assert app.store.tables.subscriptions == before.subscriptions


@pytest.mark.usefixtures("watched")
async def test_a_thousand_forged_ones_cost_one_look(app: Application) -> None:
    (ours,) = app.push.on(PRIMARY)
    forged = [
        Notification(remote_id=one, secret=f"guess-{number}", notice=Notice.CHANGED)
        for number in range(500)
        for one in (f"unknown-{number}", ours.remote_id)
    ]
    before = app.store.tables.transaction

    assert await app.take_notifications(forged) == 0

    assert app.store.tables.transaction - before == 1


async def test_the_good_ones_among_forged_ones_count(app: Application, watched: Person) -> None:
    watched.block(an_interval())
    forged = Notification(remote_id="unknown", secret="guessed", notice=Notice.CHANGED)

    assert await app.take_notifications([forged, *app.push.delivery(PRIMARY), forged]) == 1
    await app.run_jobs()

    assert list((await stored(app)).busy) == [an_interval()]


async def test_one_that_comes_while_the_calendar_is_read_is_seen_by_a_later_read(
    app: Application, watched: Person
) -> None:
    watched.block(an_interval())
    await app.take_notifications(app.push.delivery(PRIMARY))
    read = app.provider.hold("read_entries", after_doing=True)
    async with app.running(app.run_jobs()) as working:
        await read.reached.wait()
        app.clock.advance(MOMENT)
        watched.block(an_interval(starts=30))
        await app.take_notifications(app.push.delivery(PRIMARY))
        read.release()
        await working

    assert list((await stored(app)).busy) == [an_interval(starts=24), an_interval(starts=30)]


async def test_one_whose_job_is_lost_is_seen_by_the_sweep(app: Application, watched: Person) -> None:
    watched.block(an_interval())
    await app.take_notifications(app.push.delivery(PRIMARY))

    await app.pass_time(MOMENT)

    assert list((await stored(app)).busy) == [an_interval()]


async def test_one_that_comes_while_reads_fail_is_read_at_once(app: Application, watched: Person) -> None:
    app.provider.outage = True
    for _ in range(8):
        await app.take_notifications(app.push.delivery(PRIMARY))
        await app.run_jobs()
        app.clock.advance(MOMENT)
    app.provider.outage = False
    watched.block(an_interval())

    await app.take_notifications(app.push.delivery(PRIMARY))
    await app.run_jobs()

    assert list((await stored(app)).busy) == [an_interval()]


async def test_missed_ones_count_as_a_change(app: Application, watched: Person) -> None:
    watched.block(an_interval())

    await app.take_notifications(app.push.delivery(PRIMARY, notice=Notice.MISSED))
    await app.run_jobs()

    assert list((await stored(app)).busy) == [an_interval()]
    assert app.provider.calls["renew"] == 0


@pytest.mark.usefixtures("watched")
async def test_a_subscription_to_be_authorised_anew_is_renewed_at_once(app: Application) -> None:
    (before,) = app.push.on(PRIMARY)
    app.clock.advance(timedelta(minutes=1))

    await app.take_notifications(app.push.delivery(PRIMARY, notice=Notice.ENDING))
    await app.run_jobs()

    (after_,) = app.push.on(PRIMARY)
    assert after_.remote_id == before.remote_id
    assert after_.expires_at == app.clock.now() + WANTED_LIFETIME
    assert reads(app) == 0


async def test_a_removed_subscription_is_made_anew_and_what_was_not_told_is_read(
    app: Application, watched: Person
) -> None:
    delivery = app.push.delivery(PRIMARY, notice=Notice.ENDED)
    (before,) = app.push.on(PRIMARY)
    del app.push.kept[before.remote_id]
    watched.block(an_interval())

    await app.take_notifications(delivery)
    await app.run_jobs()

    (after_,) = app.push.on(PRIMARY)
    assert after_.remote_id != before.remote_id
    assert after_.secret != before.secret
    assert list((await stored(app)).busy) == [an_interval()]


@pytest.mark.usefixtures("watched")
async def test_a_change_and_the_end_in_one_delivery_are_both_taken(app: Application) -> None:
    changed, ended = (app.push.delivery(PRIMARY, notice=one) for one in (Notice.CHANGED, Notice.ENDED))

    assert await app.take_notifications([*ended, *changed]) == 2

    calendar_id = (await app.calendar(PRIMARY)).calendar_id
    assert has_to_be_read(app, calendar_id)
    assert app.store.tables.subscriptions[calendar_id].due_at <= app.clock.now()


async def test_one_about_a_calendar_no_longer_checked_is_not_ours(app: Application, watched: Person) -> None:
    delivery = app.push.delivery(SIDE)
    await app.update_calendar_settings(EXPERT, conflict=[])

    assert await app.take_notifications(delivery) == 0
    assert app.store.wishes == ()


async def test_one_about_an_erased_expert_is_not_ours(app: Application, watched: Person) -> None:
    delivery = app.push.delivery(PRIMARY)
    await app.delete_expert(EXPERT)

    assert await app.take_notifications(delivery) == 0
    assert app.store.wishes == ()


async def test_many_deliveries_at_once_lose_nothing(app: Application, watched: Person) -> None:
    blocked = [an_interval(starts=24 + 2 * number) for number in range(10)]

    async def change(interval: Interval) -> None:
        watched.block(interval)
        await app.take_notifications(app.push.delivery(PRIMARY, SIDE))
        await app.run_jobs()
        app.clock.advance(MOMENT)

    await asyncio.gather(*(change(one) for one in blocked))
    await app.pass_time(MOMENT)

    assert list((await stored(app)).busy) == blocked


async def test_secrets_and_ids_are_not_shown() -> None:
    one = Notification(remote_id="remote-7", secret="hush", notice=Notice.CHANGED)
    assert "hush" not in repr(one)
    assert "remote-7" not in repr(one)
