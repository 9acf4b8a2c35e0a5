"""What stands in the way of a subscription: it is tried again later, and nothing else waits for it."""

from datetime import timedelta

import pytest

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
from tests.fakes.provider import Person
from tests.support.application import Application
from tests.unit.application.readings import has_to_be_read
from tests.unit.application.subscriptions import (
    PRIMARY,
    RETRY,
    RETRY_REFUSED,
    a_chosen_calendar,
    due_in,
    keep,
    row,
    the_live_one,
)


@pytest.fixture
async def calendar_id(app: Application, maria: Person) -> CalendarId:
    return await a_chosen_calendar(app, maria)


async def test_one_that_is_gone_is_relied_on_no_more_even_if_it_cannot_be_made_anew(
    app: Application, calendar_id: CalendarId
) -> None:
    await keep(app, calendar_id)
    app.push.kept.clear()
    app.provider.fail("subscribe", ProviderUnavailable())

    await keep(app, calendar_id)
    assert has_to_be_read(app, calendar_id)
    await app.read_calendar(calendar_id)

    assert row(app, calendar_id).subscription is None
    assert app.store.tables.readings[calendar_id].due_at - app.clock.now() == timedelta(minutes=5)


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


async def test_nobody_relies_on_one_that_was_stored_without_an_answer(
    app: Application, calendar_id: CalendarId
) -> None:
    made = app.provider.hold("subscribe", after_doing=True)
    async with app.running(keep(app, calendar_id)) as keeping:
        await made.reached.wait()
        app.store.loses_answer = True
        made.release()
        with pytest.raises(StoreUnavailable):
            await keeping

    assert app.push.live == {}
    assert app.store.tables.subscriptions[calendar_id].subscription is None
    await keep(app, calendar_id)
    kept = app.store.tables.subscriptions[calendar_id].subscription
    assert kept is not None
    assert kept.remote_id == the_live_one(app).remote_id


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
