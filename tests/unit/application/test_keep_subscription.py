"""Subscriptions: made, renewed well ahead, made anew when gone, and never in the way of polling."""

import asyncio
from datetime import timedelta

import pytest

from application.notifications import end_subscriptions
from application.ports.push import AddressNotReached
from application.ports.store import StoreUnavailable
from domain.access import (
    AccessDenied,
    CalendarGone,
    InvalidAnswer,
    ProviderMisconfigured,
    ProviderUnavailable,
)
from domain.account import Provider
from domain.errors import DomainError
from domain.ids import CalendarId
from domain.subscription import WANTED_LIFETIME
from tests.builders import ACCOUNT, EXPERT, an_interval
from tests.fakes import tables
from tests.fakes.provider import Person
from tests.fakes.push import PushedSubscription
from tests.support.application import Application, an_application

PRIMARY = "object-maria/Calendar"
OTHER_EXPERT = "expert-2"
MOMENT = timedelta(seconds=1)
RETRY, RETRY_REFUSED = timedelta(minutes=10), timedelta(hours=6)


@pytest.fixture
async def calendar_id(app: Application, maria: Person) -> CalendarId:
    """Maria's primary calendar, just chosen, without a subscription so far."""
    await app.connect(maria)
    app.store.take_jobs()
    return (await app.calendar(PRIMARY)).calendar_id


async def keep(app: Application, calendar_id: CalendarId) -> None:
    """As when it is due."""
    async with app.store.transaction() as tx:
        await tx.subscriptions.postpone(calendar_id, until=app.clock.now())
    await app.keep_subscription(calendar_id)


def row(app: Application, calendar_id: CalendarId) -> tables.SubscriptionRow:
    return app.store.tables.subscriptions[calendar_id]


def due_in(app: Application, calendar_id: CalendarId) -> timedelta:
    return row(app, calendar_id).due_at - app.clock.now()


def the_live_one(app: Application) -> PushedSubscription:
    (live,) = app.push.on(PRIMARY)
    return live


def the_only_one_made(app: Application) -> PushedSubscription:
    (made,) = app.push.kept.values()
    return made


async def test_each_checked_calendar_has_a_subscription_with_a_secret_of_its_own(
    app: Application, maria: Person
) -> None:
    side = maria.add_calendar("Side")
    maria.add_calendar("Not checked")
    await app.connect(maria)
    both = [(await app.calendar(one)).calendar_id for one in (PRIMARY, side)]
    await app.update_calendar_settings(EXPERT, conflict=both)
    await app.run_jobs()

    assert {one.calendar for one in app.push.live.values()} == {PRIMARY, side}
    assert len({one.secret for one in app.push.live.values()}) == 2


async def test_what_changed_before_the_subscription_began_is_read(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    await app.read_calendar(calendar_id)
    app.clock.advance(MOMENT)
    maria.block(an_interval())

    await keep(app, calendar_id)

    assert app.store.jobs == (tables.ReadCalendar(calendar_id),)


async def test_renews_after_half_its_life_and_reads_nothing_for_it(
    app: Application, calendar_id: CalendarId
) -> None:
    await keep(app, calendar_id)
    first = the_live_one(app)
    app.store.take_jobs()
    assert due_in(app, calendar_id) == WANTED_LIFETIME / 2

    app.clock.advance(WANTED_LIFETIME / 2)
    await app.sweep_due()
    assert tables.KeepSubscription(calendar_id) in app.store.take_jobs()
    await keep(app, calendar_id)

    assert the_live_one(app).remote_id == first.remote_id
    assert the_live_one(app).expires_at == app.clock.now() + WANTED_LIFETIME
    assert due_in(app, calendar_id) == WANTED_LIFETIME / 2
    assert app.store.jobs == ()


async def test_a_renewal_leaves_the_secret_as_it_is(app: Application, calendar_id: CalendarId) -> None:
    await keep(app, calendar_id)
    await keep(app, calendar_id)

    assert app.provider.calls["renew"] == 1
    assert await app.take_notifications(app.push.delivery(PRIMARY)) == 1


async def test_a_shorter_life_than_asked_for_is_renewed_the_earlier(
    app: Application, calendar_id: CalendarId
) -> None:
    app.push.longest = timedelta(hours=2)
    await keep(app, calendar_id)
    assert due_in(app, calendar_id) == timedelta(hours=1)

    for _ in range(24):
        await app.pass_time(timedelta(hours=1))
        assert len(app.push.on(PRIMARY)) == 1
    assert app.push.made[PRIMARY] == 1


async def test_one_that_is_gone_is_made_anew_under_a_new_secret(
    app: Application, calendar_id: CalendarId
) -> None:
    await keep(app, calendar_id)
    first = the_live_one(app)
    app.push.kept.clear()
    app.store.take_jobs()

    await keep(app, calendar_id)

    assert the_live_one(app).remote_id != first.remote_id
    assert the_live_one(app).secret != first.secret
    assert app.store.jobs == (tables.ReadCalendar(calendar_id),)


async def test_one_that_is_gone_is_relied_on_no_more_even_if_it_cannot_be_made_anew(
    app: Application, calendar_id: CalendarId
) -> None:
    await keep(app, calendar_id)
    app.push.kept.clear()
    app.provider.fail("subscribe", ProviderUnavailable())

    app.store.take_jobs()
    await keep(app, calendar_id)
    assert app.store.jobs == (tables.ReadCalendar(calendar_id),)
    await app.read_calendar(calendar_id)

    assert row(app, calendar_id).subscription is None
    assert app.store.tables.readings[calendar_id].due_at - app.clock.now() == timedelta(minutes=5)


async def test_one_that_is_not_due_is_left_alone(app: Application, calendar_id: CalendarId) -> None:
    await keep(app, calendar_id)
    before = app.provider.calls.copy()

    await app.keep_subscription(calendar_id)

    assert app.provider.calls == before


async def test_of_many_jobs_at_once_one_makes_it(app: Application, calendar_id: CalendarId) -> None:
    await asyncio.gather(*(app.keep_subscription(calendar_id) for _ in range(5)))

    assert app.provider.calls["subscribe"] == 1
    assert len(app.push.on(PRIMARY)) == 1


async def test_while_it_is_made_no_sweep_has_it_made_once_more(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    slow = app.provider.hold("subscribe")
    async with app.running(keep(app, calendar_id)) as making:
        await slow.reached.wait()
        app.store.take_jobs()
        app.clock.advance(timedelta(minutes=1))
        await app.sweep_due()
        assert tables.KeepSubscription(calendar_id) not in app.store.jobs
        slow.release()
        await making

    assert app.provider.calls["subscribe"] == 1


async def test_one_that_ended_unrenewed_is_made_anew_without_asking(
    app: Application, calendar_id: CalendarId
) -> None:
    await keep(app, calendar_id)
    app.clock.advance(WANTED_LIFETIME)

    await keep(app, calendar_id)

    assert app.provider.calls["renew"] == 0
    assert len(app.push.on(PRIMARY)) == 1


@pytest.mark.parametrize("renewal", [False, True])
async def test_where_the_provider_offers_none_it_is_asked_again_after_hours(
    app: Application, calendar_id: CalendarId, renewal: bool
) -> None:
    if renewal:
        await keep(app, calendar_id)
    app.push.refuses = "ExtensionError"

    await keep(app, calendar_id)

    assert due_in(app, calendar_id) == RETRY_REFUSED
    app.push.refuses = ""
    await app.pass_time(RETRY_REFUSED)
    assert len(app.push.on(PRIMARY)) == 1


@pytest.mark.parametrize("method", ["subscribe", "renew"])
@pytest.mark.parametrize(
    "fault",
    [
        ProviderUnavailable(),
        InvalidAnswer(what="no id"),
        AccessDenied(),
        ProviderMisconfigured(code="x"),
        AddressNotReached(code="ValidationError"),
    ],
)
async def test_a_fault_is_tried_again_soon(
    app: Application, calendar_id: CalendarId, method: str, fault: DomainError
) -> None:
    if method == "renew":
        await keep(app, calendar_id)
    app.provider.fail(method, fault)

    await keep(app, calendar_id)

    assert due_in(app, calendar_id) == RETRY
    assert len(app.push.on(PRIMARY)) == int(method == "renew")
    await app.pass_time(RETRY)
    assert len(app.push.on(PRIMARY)) == 1


async def test_a_calendar_that_is_gone_is_no_reason_to_hurry(
    app: Application, calendar_id: CalendarId
) -> None:
    app.provider.fail("subscribe", CalendarGone())

    await keep(app, calendar_id)

    assert due_in(app, calendar_id) == RETRY


async def test_a_fault_of_our_registration_is_the_operators(
    app: Application, calendar_id: CalendarId
) -> None:
    app.provider.misconfigured = "AADSTS7000222"

    await keep(app, calendar_id)

    assert app.alarms.raised == {Provider.MICROSOFT: "AADSTS7000222"}


async def test_lost_access_is_reported_and_the_reconnect_brings_notifications_back(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    maria.revoke()
    await keep(app, calendar_id)
    assert len(app.store.tables.incidents) == 1
    calls = app.provider.calls["subscribe"]
    await app.pass_time(timedelta(days=1))
    assert app.provider.calls["subscribe"] == calls

    await app.connect(maria)
    await app.run_jobs()

    assert len(app.push.on(PRIMARY)) == 1


async def test_with_push_off_nobody_is_asked(maria: Person) -> None:
    app = an_application(push_on=False)
    await app.add_expert()
    account = await app.connect(app.provider.add_person("maria"))
    await app.run_jobs()
    await app.pass_time(timedelta(days=1))
    await app.disconnect_account(EXPERT, account.account_id)

    assert app.push.kept == {}
    assert not {"subscribe", "renew", "unsubscribe"} & app.provider.calls.keys()


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


@pytest.mark.parametrize("reconnecting", [True, False])
async def test_one_on_a_calendar_that_goes_by_another_id_now_is_made_anew(
    app: Application, maria: Person, calendar_id: CalendarId, reconnecting: bool
) -> None:
    await keep(app, calendar_id)
    del maria.calendars[PRIMARY]
    maria.add_calendar("Calendar", remote_id="another-id", primary=True)

    if reconnecting:
        await app.connect(maria)
    else:
        await app.refresh_calendars(ACCOUNT)
    await app.run_jobs()

    (made,) = app.push.on("another-id")
    kept = row(app, calendar_id).subscription
    assert kept is not None
    assert kept.remote_id == made.remote_id


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


async def test_one_whose_making_was_never_answered_is_replaced(
    app: Application, calendar_id: CalendarId
) -> None:
    app.provider.fail("subscribe", ProviderUnavailable(outcome_unknown=True), after_doing=True)
    await keep(app, calendar_id)
    lost = the_live_one(app)
    assert await app.take_notifications(app.push.delivery(PRIMARY)) == 0

    await app.pass_time(RETRY)

    assert the_live_one(app).remote_id != lost.remote_id
    assert await app.take_notifications(app.push.delivery(PRIMARY)) == 1


async def test_one_that_ended_by_our_clock_and_not_by_the_providers_is_replaced(
    app: Application, calendar_id: CalendarId
) -> None:
    await keep(app, calendar_id)
    app.clock.advance(WANTED_LIFETIME)
    before = the_only_one_made(app)
    before.expires_at += timedelta(minutes=1)

    await keep(app, calendar_id)

    assert the_live_one(app).remote_id != before.remote_id
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


async def test_one_that_cannot_be_stored_is_taken_back(app: Application, calendar_id: CalendarId) -> None:
    made = app.provider.hold("subscribe", after_doing=True)
    taking_back = app.provider.hold("unsubscribe")
    async with app.running(keep(app, calendar_id)) as keeping:
        await made.reached.wait()
        app.store.away = True
        made.release()
        await taking_back.reached.wait()
        app.store.away = False
        taking_back.release()
        with pytest.raises(StoreUnavailable):
            await keeping

    assert app.push.live == {}
    await app.pass_time(timedelta(minutes=2))
    assert await app.take_notifications(app.push.delivery(PRIMARY)) == 1


async def test_of_two_experts_with_one_account_one_is_told_and_the_other_polls(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    await keep(app, calendar_id)
    await app.read_calendar(calendar_id)
    first = the_live_one(app)
    await app.add_expert(OTHER_EXPERT)
    await app.connect(maria, expert_id=OTHER_EXPERT)
    (others,) = set(app.store.tables.subscriptions) - {calendar_id}
    await app.run_jobs()

    assert the_live_one(app) == first
    assert await app.take_notifications(app.push.delivery(PRIMARY)) == 1
    assert row(app, others).subscription is None
    assert due_in(app, others) == RETRY_REFUSED
    assert app.store.tables.readings[others].due_at - app.clock.now() == timedelta(minutes=5)

    for _ in range(5):
        await app.pass_time(WANTED_LIFETIME / 4)
    assert the_live_one(app).remote_id == first.remote_id


async def test_once_the_one_has_left_the_other_is_told(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    await keep(app, calendar_id)
    (account,) = (await app.list_accounts(EXPERT)).accounts
    await app.add_expert(OTHER_EXPERT)
    await app.connect(maria, expert_id=OTHER_EXPERT)
    await app.run_jobs()

    await app.disconnect_account(EXPERT, account.account_id)
    await app.pass_time(RETRY_REFUSED)

    assert len(app.push.on(PRIMARY)) == 1
    assert await app.take_notifications(app.push.delivery(PRIMARY)) == 1


async def test_disconnecting_takes_the_subscriptions_back(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    other = app.provider.add_person("second")
    await app.connect(other)
    await app.run_jobs()

    await app.disconnect_account(EXPERT, account.account_id)

    assert [one.person for one in app.push.live.values()] == [other]


@pytest.mark.parametrize("fault", [ProviderUnavailable(), AccessDenied(), InvalidAnswer(what="?")])
async def test_a_provider_that_keeps_them_does_not_block_disconnecting(
    app: Application, maria: Person, fault: DomainError
) -> None:
    side = maria.add_calendar("Side")
    account = await app.connect(maria)
    both = [(await app.calendar(one)).calendar_id for one in (PRIMARY, side)]
    await app.update_calendar_settings(EXPERT, conflict=both)
    await app.run_jobs()
    app.provider.fail("unsubscribe", fault)

    await app.disconnect_account(EXPERT, account.account_id)

    assert app.store.tables.accounts == {}
    assert len(app.push.live) == 1
    assert await app.take_notifications(app.push.delivery(PRIMARY, side)) == 0


async def test_a_provider_that_keeps_silent_is_not_waited_for_long(
    app: Application, maria: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(end_subscriptions, "COURTESY", timedelta(milliseconds=10))
    account = await app.connect(maria)
    await app.run_jobs()
    app.provider.hold("unsubscribe")

    await app.disconnect_account(EXPERT, account.account_id)

    assert app.store.tables.accounts == {}


async def test_erasing_an_expert_takes_the_subscriptions_of_all_accounts_back(
    app: Application, maria: Person
) -> None:
    for person in (maria, app.provider.add_person("second")):
        await app.connect(person)
    await app.run_jobs()
    assert len(app.push.live) == 2

    await app.delete_expert(EXPERT)

    assert app.push.live == {}


async def test_a_calendar_that_is_checked_no_longer_is_told_of_no_longer(
    app: Application, maria: Person
) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    both = [(await app.calendar(one)).calendar_id for one in (PRIMARY, side)]
    await app.update_calendar_settings(EXPERT, conflict=both)
    await app.run_jobs()
    assert len(app.push.live) == 2

    await app.update_calendar_settings(EXPERT, conflict=both[:1])
    await app.run_jobs()

    assert [one.calendar for one in app.push.live.values()] == [PRIMARY]


async def test_an_unknown_calendar_is_left_alone(app: Application) -> None:
    await keep(app, CalendarId("unknown"))

    assert app.provider.calls["subscribe"] == 0
