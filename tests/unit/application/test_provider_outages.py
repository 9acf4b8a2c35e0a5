"""What is wrong with one provider is no other's affair: outages, alarms, blame, and one that isn't configured."""

import asyncio
from datetime import timedelta

import pytest

from application.notifications import end_subscriptions
from domain.access import ProviderUnavailable
from domain.account import Provider, ProviderNotAvailable
from domain.availability import UnreadReason
from domain.session import Hindrance, WriteStatus
from tests.builders import EXPERT, an_interval
from tests.support.application import Application
from tests.support.wiring import an_application
from tests.unit.application.two_providers import Two, two_accounts

BOTH = (Provider.MICROSOFT, Provider.GOOGLE)
MICROSOFTS, GOOGLES = "expert-at-microsoft", "expert-at-google"


@pytest.fixture
async def two() -> Two:
    return await two_accounts(an_application(configured=BOTH))


async def test_an_outage_of_one_leaves_the_others_calendars_read_and_written(two: Two) -> None:
    two.microsoft.outage = True
    await two.app.book()
    await two.app.run_jobs()

    assert await two.unread() == {two.microsofts.account_id: UnreadReason.PROVIDER_UNAVAILABLE}
    assert (await two.app.session()).status is WriteStatus.WRITTEN
    assert len(two.greta.events) == 1


@pytest.mark.parametrize("down", BOTH)
async def test_a_refused_registration_is_that_providers_alarm(two: Two, down: Provider) -> None:
    two.app.fakes[down].misconfigured = "invalid_client"
    account = two.microsofts if down is Provider.MICROSOFT else two.googles

    assert await two.unread() == {account.account_id: UnreadReason.SERVICE_MISCONFIGURED}

    assert two.app.alarms.raised == {down: "invalid_client"}


async def test_a_write_that_is_refused_so_is_that_providers_alarm(two: Two) -> None:
    two.google.misconfigured = "invalid_client"
    await two.app.book()
    await two.app.write()

    assert two.app.alarms.raised == {Provider.GOOGLE: "invalid_client"}
    assert (await two.app.session()).hindrance is Hindrance.SERVICE_MISCONFIGURED


async def test_a_subscription_that_is_refused_so_is_that_providers_alarm(two: Two) -> None:
    two.google.misconfigured = "invalid_client"
    two.app.clock.advance(timedelta(days=4))
    await two.app.keep_subscription((await two.app.calendar("object-greta/Calendar")).calendar_id)

    assert two.app.alarms.raised == {Provider.GOOGLE: "invalid_client"}


async def test_a_refusal_proven_at_one_provider_proves_nothing_at_another(two: Two) -> None:
    """Their codes are their own, even where they are spelled alike."""
    refusal = "access_denied"
    other = two.microsoft.add_person("other", tenant="tenant-2")
    await two.app.connect(other, expert_id=await two.app.add_expert("expert-2"))
    second = two.google.add_person("second", tenant="tenant-2")
    await two.app.connect(second, expert_id=await two.app.add_expert("expert-3"))
    two.maria.refusal = two.greta.refusal = second.refusal = refusal

    seen = [await two.app.refresh_calendars(one.account_id) for one in (two.microsofts, two.googles)]

    assert seen == [UnreadReason.RECONNECT_REQUIRED, UnreadReason.SERVICE_MISCONFIGURED]
    assert two.app.alarms.raised == {Provider.GOOGLE: refusal}


async def one_expert_each() -> Application:
    """With three sessions each, written but for those of a provider that is down."""
    app = an_application(configured=BOTH)
    for expert_id, provider, name in (
        (MICROSOFTS, Provider.MICROSOFT, "maria"),
        (GOOGLES, Provider.GOOGLE, "greta"),
    ):
        await app.add_expert(expert_id)
        await app.connect(app.fakes[provider].add_person(name), expert_id=expert_id)
    return app


async def book_three(app: Application, expert_id: str) -> None:
    for number in range(3):
        await app.book(f"{expert_id}-{number}", expert_id=expert_id, interval=an_interval(starts=24 + number))
    await app.run_jobs()


async def test_while_one_is_down_nothing_of_the_other_is_tried_early() -> None:
    """One mailbox at Google hangs, which is no outage, since another there is written to."""
    app = await one_expert_each()
    google = app.fakes[Provider.GOOGLE]
    works = google.add_person("works")
    await app.connect(works, expert_id=await app.add_expert("expert-that-works"))
    app.fakes[Provider.MICROSOFT].outage = True
    for method in ("create", "find"):
        google.fail(method, ProviderUnavailable(), times=1000, calendar="object-greta/Calendar")
    await book_three(app, MICROSOFTS)
    await book_three(app, GOOGLES)
    for number in range(60):
        times = an_interval(starts=24 + number)
        await app.book(f"works-{number}", expert_id="expert-that-works", interval=times)
        await app.pass_time(timedelta(seconds=20))

    # Every quarter of a minute one of those that wait for the provider that is down, with pauses of their own beside.
    assert app.fakes[Provider.MICROSOFT].calls["find"] >= 60
    # In twenty minutes a session with pauses of its own is tried nine times.
    assert google.calls["find"] + google.calls["create"] - 60 <= 3 * 9
    assert len(works.events) == 60


async def test_each_recovers_by_itself() -> None:
    app = await one_expert_each()
    for fake in app.fakes.values():
        fake.outage = True
    for expert_id in (MICROSOFTS, GOOGLES):
        await book_three(app, expert_id)
    for _ in range(60):
        await app.pass_time(timedelta(seconds=30))
    app.fakes[Provider.GOOGLE].outage = False
    for _ in range(30):
        await app.pass_time(timedelta(seconds=2))

    written = [sum(len(person.events) for person in app.fakes[provider].people.values()) for provider in BOTH]
    assert written == [0, 3]


async def test_a_provider_that_keeps_silent_costs_another_no_courtesy(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(end_subscriptions, "COURTESY", timedelta(milliseconds=50))
    two.microsoft.hold("unsubscribe")

    async with asyncio.timeout(5):
        await two.app.delete_expert(EXPERT)

    assert [len(push.live) for push in two.app.pushes.values()] == [1, 0]


async def test_a_provider_that_is_not_configured_is_not_available() -> None:
    app = an_application()
    await app.add_expert()

    with pytest.raises(ProviderNotAvailable) as refusal:
        await app.start(provider=Provider.GOOGLE)

    assert refusal.value.provider is Provider.GOOGLE


async def test_accounts_of_a_provider_configured_no_longer_are_unread_and_disturb_no_other(two: Two) -> None:
    del two.app.providers[Provider.GOOGLE]
    await two.app.book()
    await two.app.run_jobs()

    assert await two.unread() == {two.googles.account_id: UnreadReason.SERVICE_MISCONFIGURED}
    assert await two.app.refresh_calendars(two.googles.account_id) is UnreadReason.SERVICE_MISCONFIGURED
    session = await two.app.session()
    assert (session.status, session.hindrance) == (WriteStatus.WAITING, Hindrance.SERVICE_MISCONFIGURED)
    assert (await two.app.account(two.googles.account_id)).active
    assert two.app.mailer.sent == []
    assert two.app.alarms.raised == {}


async def test_such_an_account_can_be_disconnected(two: Two) -> None:
    del two.app.providers[Provider.GOOGLE]

    await two.app.disconnect_account(EXPERT, two.googles.account_id)

    assert list(two.app.store.tables.accounts) == [two.microsofts.account_id]


async def test_a_sign_in_that_comes_back_when_its_provider_is_configured_no_longer_says_so(two: Two) -> None:
    gustav = two.google.add_person("gustav")
    state = await two.app.start(provider=Provider.GOOGLE)
    del two.app.providers[Provider.GOOGLE]

    outcome = await two.app.come_back(state, gustav)

    assert isinstance(outcome.failure, ProviderNotAvailable)


async def test_an_incident_at_a_provider_configured_no_longer_is_mailed_to_nobody(two: Two) -> None:
    two.greta.revoke()
    await two.app.refresh_calendars(two.googles.account_id)
    del two.app.providers[Provider.GOOGLE]
    await two.app.run_jobs()

    assert two.app.mailer.sent == []
