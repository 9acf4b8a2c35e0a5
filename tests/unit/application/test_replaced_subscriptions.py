"""Where a provider renews no subscription: another one takes its place, and the one that was is taken back."""

from datetime import timedelta

import pytest

from application.notifications.keep_subscription import LEASE
from application.ports.store import StoreUnavailable
from domain.access import ProviderUnavailable
from domain.ids import CalendarId
from domain.subscription import WANTED_LIFETIME
from tests.builders import EXPERT, an_interval
from tests.fakes.provider import Person
from tests.fakes.push import PushedSubscription
from tests.support.application import Application
from tests.unit.application.readings import has_to_be_read
from tests.unit.application.subscriptions import (
    MOMENT,
    PRIMARY,
    RETRY,
    a_chosen_calendar,
    due_in,
    keep,
    row,
    the_live_one,
)


@pytest.fixture
async def calendar_id(app: Application, maria: Person) -> CalendarId:
    """One that is subscribed to, and read."""
    app.push.replaces = True
    calendar_id = await a_chosen_calendar(app, maria)
    await keep(app, calendar_id)
    await app.read_calendar(calendar_id)
    return calendar_id


def stored(app: Application, calendar_id: CalendarId) -> str:
    kept = row(app, calendar_id).subscription
    assert kept is not None
    return kept.remote_id


def both(app: Application) -> tuple[PushedSubscription, PushedSubscription]:
    old, new = app.push.on(PRIMARY)
    return old, new


async def test_another_takes_its_place_and_the_old_one_is_taken_back(
    app: Application, calendar_id: CalendarId
) -> None:
    first = the_live_one(app)

    await app.pass_time(WANTED_LIFETIME / 2)

    assert the_live_one(app).remote_id != first.remote_id
    assert the_live_one(app).secret != first.secret
    assert stored(app, calendar_id) == the_live_one(app).remote_id
    assert due_in(app, calendar_id) == WANTED_LIFETIME / 2
    assert await app.take_notifications(app.push.delivery(PRIMARY)) == 1
    assert app.store.tables.ended_subscriptions == {}


async def test_it_goes_on_for_ever_with_one_at_a_time(app: Application, calendar_id: CalendarId) -> None:
    for made in range(2, 7):
        await app.pass_time(WANTED_LIFETIME / 2)
        assert (len(app.push.on(PRIMARY)), app.push.made[PRIMARY]) == (1, made)


async def test_while_both_are_there_a_change_is_taken_once(app: Application, calendar_id: CalendarId) -> None:
    await keep(app, calendar_id)
    await app.read_calendar(calendar_id)
    app.clock.advance(MOMENT)

    assert len(app.push.delivery(PRIMARY)) == 2
    assert await app.take_notifications(app.push.delivery(PRIMARY)) == 1

    assert has_to_be_read(app, calendar_id)


@pytest.mark.parametrize("method", ["subscribe", "renew"])
async def test_what_is_notified_before_the_answer_comes_is_not_missed(
    app: Application, maria: Person, calendar_id: CalendarId, method: str
) -> None:
    """It is of a subscription that is not known yet, and the old one may notify too late, when it is known no more."""
    if method == "subscribe":
        app.clock.advance(WANTED_LIFETIME)
        await app.read_calendar(calendar_id)
    asked = app.provider.hold(method, after_doing=True)
    async with app.running(keep(app, calendar_id)) as keeping:
        await asked.reached.wait()
        maria.block(an_interval())
        early = app.push.on(PRIMARY)[-1]
        delivery = [one for one in app.push.delivery(PRIMARY) if one.remote_id == early.remote_id]
        assert await app.take_notifications(delivery) == 0
        assert not has_to_be_read(app, calendar_id)
        asked.release()
        await keeping

    assert stored(app, calendar_id) == early.remote_id
    assert has_to_be_read(app, calendar_id)


async def test_the_old_one_is_taken_back_by_whoever_lives_on(
    app: Application, calendar_id: CalendarId
) -> None:
    """It is remembered with the new one, in one step."""
    await keep(app, calendar_id)
    old, new = both(app)
    assert list(app.store.tables.ended_subscriptions) == [old.remote_id]

    await app.run_jobs()

    assert the_live_one(app) == new


async def test_whoever_dies_before_the_new_one_is_stored_leaves_the_old_one_in_force(
    app: Application, calendar_id: CalendarId
) -> None:
    asked = app.provider.hold("renew", after_doing=True)
    await app.pass_time(WANTED_LIFETIME / 2 - MOMENT)
    app.clock.advance(MOMENT)
    async with app.running(app.keep_subscription(calendar_id)):
        await asked.reached.wait()
    old, nobodys = both(app)
    await app.read_calendar(calendar_id)
    app.clock.advance(MOMENT)

    assert stored(app, calendar_id) == old.remote_id
    assert await app.take_notifications(app.push.delivery(PRIMARY)) == 1
    assert has_to_be_read(app, calendar_id)

    await app.pass_time(LEASE)
    known = {one.remote_id for one in app.push.on(PRIMARY)} - {nobodys.remote_id}
    assert known == {stored(app, calendar_id)} != {old.remote_id}
    await app.pass_time(WANTED_LIFETIME)
    assert stored(app, calendar_id) == the_live_one(app).remote_id


async def test_one_that_cannot_be_stored_is_taken_back(app: Application, calendar_id: CalendarId) -> None:
    old = the_live_one(app)
    asked = app.provider.hold("renew", after_doing=True)
    taking_back = app.provider.hold("unsubscribe")
    async with app.running(keep(app, calendar_id)) as keeping:
        await asked.reached.wait()
        app.store.away = True
        asked.release()
        await taking_back.reached.wait()
        app.store.away = False
        taking_back.release()
        with pytest.raises(StoreUnavailable):
            await keeping

    assert the_live_one(app) == old
    assert stored(app, calendar_id) == old.remote_id


async def test_on_a_calendar_unchosen_meanwhile_both_are_taken_back(
    app: Application, calendar_id: CalendarId
) -> None:
    asked = app.provider.hold("renew", after_doing=True)
    async with app.running(keep(app, calendar_id)) as keeping:
        await asked.reached.wait()
        await app.update_calendar_settings(EXPERT, conflict=[])
        asked.release()
        await keeping
    await app.run_jobs()

    assert app.push.kept == {}


async def test_on_an_account_disconnected_meanwhile_nothing_is_brought_back(
    app: Application, calendar_id: CalendarId
) -> None:
    (account,) = (await app.list_accounts(EXPERT)).accounts
    asked = app.provider.hold("renew", after_doing=True)
    async with app.running(keep(app, calendar_id)) as keeping:
        await asked.reached.wait()
        await app.disconnect_account(EXPERT, account.account_id)
        asked.release()
        await keeping

    assert app.store.tables.subscriptions == {}
    assert app.store.tables.ended_subscriptions == {}


async def test_of_two_that_replace_it_at_once_one_counts_and_the_rest_are_taken_back(
    app: Application, calendar_id: CalendarId
) -> None:
    slow = app.provider.hold("renew", after_doing=True)
    async with app.running(keep(app, calendar_id)) as keeping:
        await slow.reached.wait()
        await keep(app, calendar_id)
        counts = stored(app, calendar_id)
        slow.release()
        await keeping
    await app.run_jobs()

    assert stored(app, calendar_id) == counts == the_live_one(app).remote_id


async def test_while_it_can_not_be_replaced_the_old_one_stays(
    app: Application, calendar_id: CalendarId
) -> None:
    old = the_live_one(app)
    app.provider.fail("renew", ProviderUnavailable())
    await keep(app, calendar_id)
    assert due_in(app, calendar_id) == RETRY
    assert stored(app, calendar_id) == the_live_one(app).remote_id == old.remote_id

    await app.pass_time(RETRY)

    assert stored(app, calendar_id) == the_live_one(app).remote_id != old.remote_id


async def test_two_experts_with_one_account_are_both_notified(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    await app.add_expert("expert-2")
    await app.connect(maria, expert_id="expert-2")
    await app.run_jobs()

    assert await app.take_notifications(app.push.delivery(PRIMARY)) == 2


async def test_one_that_has_ended_need_not_be_taken_back(app: Application, calendar_id: CalendarId) -> None:
    app.clock.advance(WANTED_LIFETIME + timedelta(seconds=1))
    await keep(app, calendar_id)

    assert stored(app, calendar_id) == the_live_one(app).remote_id
    assert app.store.tables.ended_subscriptions == {}
