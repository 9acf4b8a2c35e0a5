"""Grants are given back when their account goes, where the provider can, and only if nobody else needs them."""

import asyncio
from datetime import timedelta

import pytest

from application.accounts.complete_connection import ConnectionOutcome
from domain.access import InvalidAnswer, ProviderMisconfigured, ProviderUnavailable
from domain.account import AccountStatus, Provider
from domain.connection import CONFIRMATION_LIFETIME
from domain.expert import Plan
from tests.builders import EXPERT
from tests.fakes.provider import FakeProvider, Person
from tests.support.application import Application
from tests.support.wiring import an_application

OTHER = "expert-2"


@pytest.fixture
async def app() -> Application:
    app = an_application(configured=(Provider.MICROSOFT, Provider.GOOGLE), giving_back=(Provider.GOOGLE,))
    await app.add_expert()
    await app.add_expert(OTHER)
    return app


@pytest.fixture
def google(app: Application) -> FakeProvider:
    return app.fakes[Provider.GOOGLE]


@pytest.fixture
def greta(google: FakeProvider) -> Person:
    return google.add_person("greta")


async def ended() -> None:
    """Nothing that was to be given back is under way any more."""
    tasks = [one for one in asyncio.all_tasks() if one.get_name() == "gives a grant back"]
    if tasks:
        await asyncio.wait(tasks, timeout=5)
    assert all(one.done() for one in tasks)


async def disconnect(app: Application, person: Person, *, expert_id: str = EXPERT) -> None:
    accounts = (await app.list_accounts(expert_id)).accounts  # type: ignore[arg-type]
    (account,) = [one for one in accounts if one.identity == person.identity]
    await app.disconnect_account(account.expert_id, account.account_id)


def is_given_back(person: Person) -> bool:
    return person.revoked == person.grants


async def sign_in_to_be_confirmed(app: Application, person: Person, expert_id: str) -> ConnectionOutcome:
    return await app.come_back(await app.start(expert_id, provider=Provider.GOOGLE), person)


async def test_disconnecting_gives_the_grant_back(app: Application, greta: Person) -> None:
    await app.connect(greta)

    await disconnect(app, greta)
    await ended()

    assert is_given_back(greta)
    assert app.given_back == [(Provider.GOOGLE, None)]


async def test_a_provider_that_ends_no_grants_is_not_asked_to(app: Application) -> None:
    maria = app.provider.add_person("maria")
    await app.connect(maria)

    await disconnect(app, maria)
    await ended()

    assert "give_back" not in app.provider.calls
    assert app.given_back == []


@pytest.mark.parametrize("status", AccountStatus)
async def test_what_another_expert_has_connected_is_kept(
    app: Application, google: FakeProvider, greta: Person, status: AccountStatus
) -> None:
    await app.connect(greta)
    others = await app.connect(greta, expert_id=OTHER)
    if status is AccountStatus.RECONNECT_REQUIRED:
        async with app.store.transaction() as tx:
            await tx.accounts.save(others.lost())

    await disconnect(app, greta)
    await ended()
    assert "give_back" not in google.calls

    await disconnect(app, greta, expert_id=OTHER)
    await ended()
    assert is_given_back(greta)


async def test_what_another_expert_is_just_connecting_is_kept(
    app: Application, google: FakeProvider, greta: Person
) -> None:
    await app.connect(greta)
    outcome = await sign_in_to_be_confirmed(app, greta, OTHER)
    assert outcome.token is not None

    await disconnect(app, greta)
    await ended()

    assert "give_back" not in google.calls
    await app.confirm_connection(OTHER, outcome.token)  # type: ignore[arg-type]
    assert not is_given_back(greta)


async def test_a_sign_in_that_nobody_confirmed_in_time_keeps_nothing(app: Application, greta: Person) -> None:
    await app.connect(greta)
    await sign_in_to_be_confirmed(app, greta, OTHER)
    app.clock.advance(CONFIRMATION_LIFETIME)

    await disconnect(app, greta)
    await ended()

    assert is_given_back(greta)


async def test_what_is_connected_again_before_it_was_given_back_is_kept(
    app: Application, google: FakeProvider, greta: Person
) -> None:
    """Nobody can tell a sign-in that is under way: so it is given time to become an account."""
    app.settled.clear()
    await app.connect(greta)
    await disconnect(app, greta)

    await app.connect(greta)
    app.settled.set()
    await ended()

    assert "give_back" not in google.calls
    assert not is_given_back(greta)


async def test_erasing_an_expert_gives_back_what_nobody_else_has(
    app: Application, google: FakeProvider, greta: Person
) -> None:
    shared = google.add_person("shared")
    for person in (greta, shared, app.provider.add_person("maria")):
        await app.connect(person)
    await app.connect(shared, expert_id=OTHER)

    await app.delete_expert(EXPERT)
    await ended()

    assert is_given_back(greta)
    assert not is_given_back(shared)
    assert google.calls["give_back"] == 1


async def test_nobody_waits_for_it(app: Application, google: FakeProvider, greta: Person) -> None:
    await app.connect(greta)
    held = google.hold("give_back")

    await disconnect(app, greta)
    assert app.store.tables.accounts == {}
    await held.reached.wait()

    held.release()
    await ended()
    assert is_given_back(greta)


@pytest.mark.parametrize(
    "fault",
    [ProviderUnavailable(), ProviderMisconfigured(code="x"), InvalidAnswer(what="?"), ZeroDivisionError()],
)
async def test_what_fails_is_told_and_forgotten(
    app: Application, google: FakeProvider, greta: Person, fault: Exception
) -> None:
    await app.connect(greta)
    google.fail("give_back", fault)

    await disconnect(app, greta)
    await ended()

    assert app.given_back == [(Provider.GOOGLE, fault)]
    assert google.calls["give_back"] == 1
    assert app.store.tables.grants == {}


async def test_whose_it_is_is_not_known_without_the_database(
    app: Application, google: FakeProvider, greta: Person
) -> None:
    app.settled.clear()
    await app.connect(greta)
    await disconnect(app, greta)

    app.store.away = True
    app.settled.set()
    await ended()

    assert "give_back" not in google.calls
    assert [type(failure).__name__ for _, failure in app.given_back] == ["StoreUnavailable"]


async def test_reconnecting_gives_nothing_back(app: Application, google: FakeProvider, greta: Person) -> None:
    account = await app.connect(greta)
    greta.revoke()
    await app.refresh_calendars(account.account_id)

    await app.connect(greta, reconnects=account.account_id)
    await ended()

    assert "give_back" not in google.calls


async def test_a_connection_that_is_refused_gives_nothing_back(
    app: Application, google: FakeProvider, greta: Person
) -> None:
    await app.add_expert("expert-3", plan=Plan.FREE)
    state = await app.start("expert-3", provider=Provider.GOOGLE)
    for name in ("one", "two"):
        await app.connect(google.add_person(name), expert_id="expert-3")

    outcome = await app.come_back(state, greta)
    await ended()

    assert outcome.failure is not None
    assert "give_back" not in google.calls


async def test_what_has_not_begun_when_the_process_ends_is_forgotten(
    app: Application, google: FakeProvider, greta: Person
) -> None:
    app.settled.clear()
    await app.connect(greta)
    await disconnect(app, greta)

    await app.give_back.close(grace=timedelta(seconds=5))
    app.settled.set()
    await ended()

    assert "give_back" not in google.calls
    assert [type(failure).__name__ for _, failure in app.given_back] == ["GrantForgotten"]


async def test_more_than_wait_at_once_are_forgotten_and_told(
    app: Application, google: FakeProvider, greta: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.give_back_grants.MOST_AT_ONCE", 0)
    await app.connect(greta)
    await disconnect(app, greta)
    await ended()

    assert "give_back" not in google.calls
    assert [type(failure).__name__ for _, failure in app.given_back] == ["GrantForgotten"]


async def test_what_has_begun_when_the_process_ends_is_waited_for(
    app: Application, google: FakeProvider, greta: Person
) -> None:
    await app.connect(greta)
    held = google.hold("give_back")
    await disconnect(app, greta)
    await held.reached.wait()

    async with app.running(app.give_back.close(grace=timedelta(seconds=5))) as closing:
        held.release()
        await closing

    assert is_given_back(greta)


async def test_it_does_not_hold_the_end_of_the_process_up(
    app: Application, google: FakeProvider, greta: Person
) -> None:
    await app.connect(greta)
    held = google.hold("give_back")
    await disconnect(app, greta)
    await held.reached.wait()

    await app.give_back.close(grace=timedelta())

    assert not is_given_back(greta)
