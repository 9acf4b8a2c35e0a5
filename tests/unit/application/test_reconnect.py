"""Connecting a known account again: the same account, the same choices, and consent asked when it is due."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from application.ports.sign_in import RedirectAnswer
from domain.access import AccessDenied, InvalidAnswer, ProviderUnavailable
from domain.account import Account, AccountNotFound, AccountStatus, Provider
from domain.calendar import Calendar
from domain.connection import AccountMismatch, SignInInterrupted
from domain.errors import DomainError
from tests.builders import EXPERT
from tests.fakes.provider import Person
from tests.support.application import RETURN_URL, Application


def calendars_of(app: Application, account: Account) -> set[Calendar]:
    return {one for one in app.store.tables.calendars.values() if one.account_id == account.account_id}


async def prompt_of_next_sign_in(app: Application) -> tuple[str, str]:
    """The prompt asked for, and the state."""
    started = await app.start_connection(expert_id=EXPERT, provider=Provider.MICROSOFT, return_url=RETURN_URL)
    return parse_qs(urlsplit(started.authorization_url).query)["prompt"][0], started.state


async def test_signing_in_again_keeps_the_account_and_renews_its_grant(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    maria.email, maria.display_name = "maria.new@contoso.example", "Maria N."

    outcome = await app.finish(await app.start(), maria)

    assert outcome.reconnected
    assert outcome.account == replace(
        account, email="maria.new@contoso.example", display_name="Maria N.", grant_version=2
    )
    assert (await app.store.vault.load(account.account_id)).grant_version == 2


async def test_a_changed_address_does_not_make_another_account(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    other = app.provider.add_person("other")
    other.email, maria.email = maria.email, "renamed@contoso.example"

    assert (await app.connect(other)).account_id != account.account_id
    assert (await app.connect(maria)).account_id == account.account_id


async def test_refuses_a_reconnect_that_comes_back_as_somebody_else(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    other = app.provider.add_person("other")

    outcome = await app.finish(await app.start(reconnects=account.account_id), other)

    assert isinstance(outcome.failure, AccountMismatch)
    assert outcome.return_url == RETURN_URL
    assert list(app.store.tables.accounts.values()) == [account]
    assert (await app.store.vault.load(account.account_id)).grant_version == 1


async def test_a_reconnect_as_another_account_of_the_same_expert_is_refused_too(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    other = app.provider.add_person("other")
    known = await app.connect(other)

    outcome = await app.finish(await app.start(reconnects=account.account_id), other)

    assert isinstance(outcome.failure, AccountMismatch)
    assert (await app.account(known.account_id)).grant_version == 1


async def test_a_reconnect_of_an_account_disconnected_meanwhile_connects_nothing(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    state = await app.start(reconnects=account.account_id)
    await app.disconnect_account(EXPERT, account.account_id)

    outcome = await app.finish(state, maria)

    assert isinstance(outcome.failure, AccountNotFound)
    assert app.store.tables.accounts == {}


async def test_the_choices_outlive_a_reconnect(app: Application, maria: Person) -> None:
    side = maria.add_calendar("Side")
    account = await app.connect(maria)
    chosen = await app.calendar(side)
    before = await app.update_calendar_settings(
        EXPERT, conflict=[chosen.calendar_id], write=chosen.calendar_id
    )

    await app.connect(maria, reconnects=account.account_id)

    after = await app.get_calendar_settings(EXPERT)
    assert after == before


async def test_a_reconnect_looks_at_the_calendars_again(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    maria.add_calendar("New one")

    await app.connect(maria, reconnects=account.account_id)

    listed = await app.list_calendars(EXPERT)
    assert {one.remote.name for one in listed.calendars} == {"Calendar", "New one"}
    assert len((await app.get_calendar_settings(EXPERT)).settings.conflict) == 1


async def test_a_reconnect_does_not_believe_an_empty_list(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    before = (await app.list_calendars(EXPERT)).calendars
    maria.calendars.clear()

    again = await app.connect(maria, reconnects=account.account_id)

    assert again.status is AccountStatus.ACTIVE
    assert (await app.list_calendars(EXPERT)).calendars == before


async def test_consent_is_asked_afresh_after_a_disconnect_and_only_once(
    app: Application, maria: Person
) -> None:
    assert (await prompt_of_next_sign_in(app))[0] == "select_account"
    account = await app.connect(maria)
    await app.disconnect_account(EXPERT, account.account_id)

    prompt, state = await prompt_of_next_sign_in(app)
    assert prompt == "consent"
    await app.finish(state, maria)

    assert (await prompt_of_next_sign_in(app))[0] == "select_account"


async def test_consent_is_asked_afresh_only_once_where_it_leads_nowhere(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    await app.disconnect_account(EXPERT, account.account_id)
    _, state = await prompt_of_next_sign_in(app)
    await app.complete_connection(RedirectAnswer(state=state, error="consent_required"))

    assert (await prompt_of_next_sign_in(app))[0] == "select_account"


async def test_a_sign_in_that_was_never_finished_does_not_count_as_asking(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    await app.disconnect_account(EXPERT, account.account_id)
    await prompt_of_next_sign_in(app)

    assert (await prompt_of_next_sign_in(app))[0] == "consent"


async def test_the_reconnect_of_another_account_does_not_count_as_asking(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    other_person = app.provider.add_person("other")
    other = await app.connect(other_person)
    await app.disconnect_account(EXPERT, account.account_id)

    await app.connect(other_person, reconnects=other.account_id)

    assert (await prompt_of_next_sign_in(app))[0] == "consent"


@pytest.mark.parametrize("expert_id", ["expert-1", "expert-2"])
async def test_consent_is_asked_afresh_of_whoever_disconnected(
    app: Application, maria: Person, expert_id: str
) -> None:
    await app.add_expert("expert-2")
    account = await app.connect(maria, expert_id="expert-2")
    await app.disconnect_account(account.expert_id, account.account_id)

    expected = "consent" if expert_id == "expert-2" else "select_account"
    started = await app.start_connection(
        expert_id=(await app.add_expert(expert_id)), provider=Provider.MICROSOFT, return_url=RETURN_URL
    )
    assert f"prompt={expected}" in started.authorization_url


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (ProviderUnavailable(throttled=True, retry_after=timedelta(seconds=120)), 120),
        (ProviderUnavailable(), 5),
        (AccessDenied(), 60),
        (InvalidAnswer(what="no list"), 60),
    ],
)
async def test_a_known_mailbox_that_cannot_be_looked_at_now_is_connected_all_the_same(
    app: Application, maria: Person, fault: DomainError, seconds: int
) -> None:
    """The person did everything right, and its calendars are known; they are listed again as soon as that may work."""
    account = await app.connect(maria)
    before = calendars_of(app, account)
    maria.revoke()
    await app.refresh_calendars(account.account_id)
    maria.restore()
    app.provider.fail("first_look", fault)

    outcome = await app.finish(await app.start(reconnects=account.account_id), maria)

    assert outcome.failure is None
    assert outcome.reconnected
    assert (await app.account(account.account_id)).status is AccountStatus.ACTIVE
    assert calendars_of(app, account) == before
    due_at = app.store.tables.lists_due[account.account_id]
    assert due_at - app.clock.now() == timedelta(seconds=seconds)


async def test_a_sign_in_that_our_own_database_left_is_to_be_started_anew(
    app: Application, maria: Person
) -> None:
    looking = app.provider.hold("first_look")
    started = await app.start()
    async with app.running(app.finish(started, maria)) as finishing:
        await looking.reached.wait()
        app.store.away = True
        looking.release()
        assert isinstance((await finishing).failure, SignInInterrupted)
    app.store.away = False
    assert (await app.finish(await app.start(), maria)).failure is None
