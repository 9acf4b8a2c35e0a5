"""Subscriptions: made, renewed well ahead, made anew when gone, and never in the way of polling."""

from datetime import timedelta

import pytest

from domain.ids import CalendarId
from domain.subscription import WANTED_LIFETIME
from tests.builders import ACCOUNT, EXPERT, an_interval
from tests.fakes.provider import Person
from tests.fakes.push import PushedSubscription
from tests.support.application import ALL, Application
from tests.support.wiring import an_application
from tests.unit.application.readings import has_to_be_read
from tests.unit.application.subscriptions import (
    MOMENT,
    PRIMARY,
    RETRY_REFUSED,
    a_chosen_calendar,
    due_in,
    keep,
    row,
    the_live_one,
)

OTHER_EXPERT = "expert-2"


@pytest.fixture
async def calendar_id(app: Application, maria: Person) -> CalendarId:
    return await a_chosen_calendar(app, maria)


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

    assert has_to_be_read(app, calendar_id)


async def test_renews_after_half_its_life_and_reads_nothing_for_it(
    app: Application, calendar_id: CalendarId
) -> None:
    await keep(app, calendar_id)
    first = the_live_one(app)
    assert due_in(app, calendar_id) == WANTED_LIFETIME / 2
    await app.read_calendar(calendar_id)

    app.clock.advance(WANTED_LIFETIME / 2)
    assert [one.row for one in (await app.claim_subscriptions(ALL)).rows] == [calendar_id]
    await app.keep_subscription.go_on(calendar_id)

    assert the_live_one(app).remote_id == first.remote_id
    assert the_live_one(app).expires_at == app.clock.now() + WANTED_LIFETIME
    assert due_in(app, calendar_id) == WANTED_LIFETIME / 2
    assert not has_to_be_read(app, calendar_id)


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

    await keep(app, calendar_id)

    assert the_live_one(app).remote_id != first.remote_id
    assert the_live_one(app).secret != first.secret
    assert has_to_be_read(app, calendar_id)


async def test_one_that_is_not_due_is_left_alone(app: Application, calendar_id: CalendarId) -> None:
    await keep(app, calendar_id)
    before = app.provider.calls.copy()

    await app.keep_subscription(calendar_id)

    assert app.provider.calls == before


async def test_one_that_ended_unrenewed_is_made_anew_without_asking(
    app: Application, calendar_id: CalendarId
) -> None:
    await keep(app, calendar_id)
    app.clock.advance(WANTED_LIFETIME)

    await keep(app, calendar_id)

    assert app.provider.calls["renew"] == 0
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


async def test_an_unknown_calendar_is_left_alone(app: Application) -> None:
    await keep(app, CalendarId("unknown"))

    assert app.provider.calls["subscribe"] == 0
