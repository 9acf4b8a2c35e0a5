"""Two at once: whoever keeps a subscription, and whoever changes what it is for, in every order."""

import asyncio
from datetime import timedelta

import pytest

from domain.ids import CalendarId
from tests.builders import EXPERT
from tests.fakes import tables
from tests.fakes.provider import Person
from tests.support.application import ALL, Application
from tests.unit.application.subscriptions import MOMENT, PRIMARY, a_chosen_calendar, keep, row, the_live_one


@pytest.fixture
async def calendar_id(app: Application, maria: Person) -> CalendarId:
    return await a_chosen_calendar(app, maria)


async def test_of_many_jobs_at_once_one_makes_it(app: Application, calendar_id: CalendarId) -> None:
    await asyncio.gather(*(app.keep_subscription(calendar_id) for _ in range(5)))

    assert app.provider.calls["subscribe"] == 1
    assert len(app.push.on(PRIMARY)) == 1


async def test_while_it_is_made_nobody_else_claims_it(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    slow = app.provider.hold("subscribe")
    async with app.running(keep(app, calendar_id)) as making:
        await slow.reached.wait()
        app.clock.advance(timedelta(minutes=1))
        assert not (await app.claim_subscriptions(ALL)).rows
        slow.release()
        await making

    assert app.provider.calls["subscribe"] == 1


@pytest.mark.parametrize("method", ["subscribe", "renew"])
async def test_one_on_a_calendar_unchosen_meanwhile_is_taken_back(
    app: Application, calendar_id: CalendarId, method: str
) -> None:
    if method == "renew":
        await keep(app, calendar_id)
    asked = app.provider.hold(method, after_doing=True)
    async with app.running(keep(app, calendar_id)) as keeping:
        await asked.reached.wait()
        await app.update_calendar_settings(EXPERT, conflict=[])
        asked.release()
        await keeping

    assert app.push.kept == {}
    assert app.store.tables.subscriptions == {}


async def test_one_on_a_calendar_disconnected_meanwhile_brings_nothing_back(
    app: Application, calendar_id: CalendarId
) -> None:
    (account,) = (await app.list_accounts(EXPERT)).accounts
    asked = app.provider.hold("subscribe", after_doing=True)
    async with app.running(keep(app, calendar_id)) as keeping:
        await asked.reached.wait()
        await app.disconnect_account(EXPERT, account.account_id)
        asked.release()
        await keeping

    assert app.store.tables.subscriptions == {}
    assert app.store.tables.readings == {}


async def test_of_two_made_at_once_the_last_made_counts(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    """The provider keeps one: the second process takes back what the first had made and not stored yet."""
    slow = app.provider.hold("subscribe", after_doing=True)
    async with app.running(keep(app, calendar_id)) as keeping:
        await slow.reached.wait()
        await keep(app, calendar_id)
        slow.release()
        await keeping

    kept = row(app, calendar_id).subscription
    assert kept is not None
    assert kept.remote_id == the_live_one(app).remote_id
    assert app.push.made[PRIMARY] == 2
    assert await app.take_notifications(app.push.delivery(PRIMARY)) == 1


async def test_of_two_made_at_once_the_one_stored_by_then_counts(
    app: Application, calendar_id: CalendarId
) -> None:
    slow = app.provider.hold("subscribe")
    async with app.running(keep(app, calendar_id)) as keeping:
        await slow.reached.wait()
        await keep(app, calendar_id)
        first = the_live_one(app)
        slow.release()
        await keeping

    assert the_live_one(app) == first
    assert app.push.made[PRIMARY] == 1
    assert await app.take_notifications(app.push.delivery(PRIMARY)) == 1


async def test_one_taken_back_just_when_its_maker_stores_it_is_relied_on_no_more(
    app: Application, calendar_id: CalendarId
) -> None:
    maker = app.provider.hold("subscribe", after_doing=True)
    taking_back = app.provider.hold("unsubscribe")
    async with app.running(keep(app, calendar_id)) as first:
        await maker.reached.wait()
        async with app.running(keep(app, calendar_id)) as second:
            await taking_back.reached.wait()
            maker.release()
            await first
            taking_back.release()
            await second

    assert app.push.live == {}
    assert row(app, calendar_id) == tables.SubscriptionRow(due_at=app.clock.now())
    await app.pass_time(MOMENT)
    assert len(app.push.on(PRIMARY)) == 1
    assert await app.take_notifications(app.push.delivery(PRIMARY)) == 1


async def test_one_made_anew_meanwhile_is_not_forgotten_by_whoever_found_the_old_one_gone(
    app: Application, calendar_id: CalendarId
) -> None:
    await keep(app, calendar_id)
    app.push.kept.clear()
    renewing = app.provider.hold("renew")
    subscribing = app.provider.hold("subscribe")
    async with app.running(keep(app, calendar_id)) as slow:
        await renewing.reached.wait()
        async with app.running(keep(app, calendar_id)) as quick:
            await subscribing.reached.wait()
            subscribing.release()
            await quick
        made = the_live_one(app)
        renewing.release()
        await slow

    assert the_live_one(app) == made
    assert await app.take_notifications(app.push.delivery(PRIMARY)) == 1
