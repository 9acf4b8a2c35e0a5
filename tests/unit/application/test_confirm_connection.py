"""Nothing of a sign-in is connected before the caller has confirmed whose browser it was."""

import asyncio
from datetime import timedelta

import pytest

from application.ports.pending_connections import ConfirmedConnection, ProvenConnection
from application.ports.sign_in import RedirectAnswer
from domain.account import AccountNotFound, AccountStatus
from domain.change import ChangeType
from domain.connection import (
    AccountMismatch,
    ConnectionAttemptExpired,
    ConnectionAttemptNotFound,
    MailboxNotServed,
    SignInInterrupted,
)
from domain.expert import AccountLimitReached, ExpertNotFound, Plan
from domain.ids import AccountId, ExpertId
from tests.builders import EXPERT
from tests.fakes.provider import Person
from tests.support.application import RETURN_URL, Application


async def pending(app: Application, person: Person, *, reconnects: AccountId | None = None) -> str:
    """The token that the browser brings to the caller's page."""
    outcome = await app.come_back(await app.start(reconnects=reconnects), person)
    assert outcome.token is not None, outcome
    assert (outcome.account, outcome.failure, outcome.return_url) == (None, None, RETURN_URL)
    return outcome.token


async def test_nothing_is_connected_until_it_is_confirmed(app: Application, maria: Person) -> None:
    await pending(app, maria)
    await app.pass_time(timedelta(minutes=9))

    tables = app.store.tables
    assert (tables.accounts, tables.grants, tables.calendars, tables.settings) == ({}, {}, {}, {})
    assert (tables.readings, tables.subscriptions, tables.wishes, tables.attempts) == ({}, {}, [], {})
    assert (await app.list_accounts(EXPERT)).accounts == ()
    assert app.changes() == []
    # What it asked the provider is who it was and which calendars there are: no event.
    assert app.provider.calls.keys() == {"begin", "redeem", "first_look"}


async def test_confirming_connects_the_account_without_asking_the_provider(
    app: Application, maria: Person
) -> None:
    token = await pending(app, maria)
    app.provider.outage = True

    connected = await app.confirm_connection(EXPERT, token)

    account = connected.account
    assert (account.identity, account.status) == (maria.identity, AccountStatus.ACTIVE)
    assert not connected.reconnected
    assert (await app.list_accounts(EXPERT)).accounts == (account,)
    assert app.changes()[0].type is ChangeType.ACCOUNT_CONNECTED
    assert len((await app.get_calendar_settings(EXPERT)).settings.conflict) == 1


async def test_another_expert_cannot_confirm_it_nor_burn_it(app: Application, maria: Person) -> None:
    """Whoever hands their own URL to a victim: it is the victim who is logged in where the token arrives."""
    victim = await app.add_expert("expert-2")
    token = await pending(app, maria)

    with pytest.raises(ConnectionAttemptNotFound):
        await app.confirm_connection(victim, token)

    assert (await app.list_accounts(victim)).accounts == ()
    assert (await app.confirm_connection(EXPERT, token)).account.expert_id == EXPERT


async def test_asking_again_answers_the_same_and_connects_once(app: Application, maria: Person) -> None:
    token = await pending(app, maria)
    first = await app.confirm_connection(EXPERT, token)
    app.forget_changes()
    app.clock.advance(timedelta(minutes=10) - timedelta(microseconds=1))

    assert await app.confirm_connection(EXPERT, token) == first
    assert (await app.account(first.account.account_id)).grant_version == 1
    assert app.changes() == []


async def test_of_many_who_confirm_at_once_all_get_the_one_account(app: Application, maria: Person) -> None:
    token = await pending(app, maria)

    answers = await asyncio.gather(*(app.confirm_connection(EXPERT, token) for _ in range(5)))

    assert {one.account.account_id for one in answers} == {AccountId("account-1")}
    assert len(app.store.tables.accounts) == 1


async def test_a_confirmed_one_keeps_no_grant_beside_the_accounts_own(
    app: Application, maria: Person
) -> None:
    await app.confirm_connection(EXPERT, await pending(app, maria))

    (left,) = app.store.tables.pending.values()
    assert left.content == ConfirmedConnection(account_id=AccountId("account-1"), reconnected=False)


async def test_asking_again_after_a_while_finds_nothing(app: Application, maria: Person) -> None:
    token = await pending(app, maria)
    await app.confirm_connection(EXPERT, token)
    app.clock.advance(timedelta(minutes=10))

    with pytest.raises(ConnectionAttemptExpired):
        await app.confirm_connection(EXPERT, token)
    await app.forget_ended()
    with pytest.raises(ConnectionAttemptNotFound):
        await app.confirm_connection(EXPERT, token)
    assert app.store.tables.pending == {}


async def test_what_is_not_confirmed_in_time_is_erased_with_its_grant(
    app: Application, maria: Person
) -> None:
    token = await pending(app, maria)
    app.clock.advance(timedelta(minutes=10) - timedelta(microseconds=1))
    await app.forget_ended()
    assert len(app.store.tables.pending) == 1
    app.clock.advance(timedelta(microseconds=1))

    with pytest.raises(ConnectionAttemptExpired):
        await app.confirm_connection(EXPERT, token)
    await app.forget_ended()

    assert app.store.tables.pending == {}
    assert (await app.list_accounts(EXPERT)).accounts == ()


async def test_erasing_the_expert_erases_what_waits(app: Application, maria: Person) -> None:
    token = await pending(app, maria)
    await app.delete_expert(EXPERT)

    assert app.store.tables.pending == {}
    with pytest.raises(ExpertNotFound):
        await app.confirm_connection(EXPERT, token)


async def test_a_newer_sign_in_with_the_same_identity_takes_its_place(
    app: Application, maria: Person
) -> None:
    older = await pending(app, maria)
    newer = await pending(app, maria)

    assert len(app.store.tables.pending) == 1
    with pytest.raises(ConnectionAttemptNotFound):
        await app.confirm_connection(EXPERT, older)
    assert not (await app.confirm_connection(EXPERT, newer)).reconnected


async def test_a_sign_in_finished_at_the_callers_page_takes_its_place(
    app: Application, maria: Person
) -> None:
    older = await pending(app, maria)
    state = await app.start(redirect_uri=RETURN_URL)
    answer = RedirectAnswer(state=state, code=app.provider.code_for(maria))
    await app.complete_connection(answer, expert_id=EXPERT)

    with pytest.raises(ConnectionAttemptNotFound):
        await app.confirm_connection(EXPERT, older)


async def test_sign_ins_of_several_identities_wait_beside_each_other(app: Application, maria: Person) -> None:
    tokens = [await pending(app, maria), await pending(app, app.provider.add_person("other"))]

    for token in tokens:
        await app.confirm_connection(EXPERT, token)

    assert len((await app.list_accounts(EXPERT)).accounts) == 2


async def test_the_limit_binds_when_it_is_confirmed_and_leaves_the_token_good(app: Application) -> None:
    await app.add_expert(plan=Plan.FREE)
    people = [app.provider.add_person(f"person-{number}") for number in range(3)]
    tokens = [await pending(app, person) for person in people]
    first, _ = [(await app.confirm_connection(EXPERT, token)).account for token in tokens[:2]]

    with pytest.raises(AccountLimitReached):
        await app.confirm_connection(EXPERT, tokens[2])
    await app.disconnect_account(EXPERT, first.account_id)

    assert (await app.confirm_connection(EXPERT, tokens[2])).account.identity == people[2].identity


async def test_a_full_plan_is_told_at_the_redirect_already(app: Application) -> None:
    await app.add_expert(plan=Plan.FREE)
    late = await app.start()
    for number in range(2):
        await app.connect(app.provider.add_person(f"person-{number}"))

    outcome = await app.come_back(late, app.provider.add_person("late"))

    assert isinstance(outcome.failure, AccountLimitReached)
    assert not any(isinstance(one.content, ProvenConnection) for one in app.store.tables.pending.values())


async def test_what_the_sign_in_lacks_is_told_at_the_redirect(app: Application, maria: Person) -> None:
    maria.served = False
    outcome = await app.come_back(await app.start(), maria)
    assert isinstance(outcome.failure, MailboxNotServed)

    empty = app.provider.add_person("empty", calendar=False)
    outcome = await app.come_back(await app.start(), empty)
    assert isinstance(outcome.failure, SignInInterrupted)
    assert app.store.tables.pending == {}


async def test_a_reconnect_leaves_the_account_as_it_is_until_it_is_confirmed(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    maria.revoke()
    await app.refresh_calendars(account.account_id)
    before = app.store.tables

    token = await pending(app, maria, reconnects=account.account_id)

    after = app.store.tables
    assert (after.accounts, after.grants, after.incidents) == (
        before.accounts,
        before.grants,
        before.incidents,
    )
    connected = await app.confirm_connection(EXPERT, token)
    assert connected.reconnected
    assert connected.account.status is AccountStatus.ACTIVE
    assert (await app.store.vault.load(account.account_id)).grant_version == 2
    assert [one.closed_at is None for one in app.store.tables.incidents.values()] == [False]


async def test_a_reconnect_as_somebody_else_does_not_even_wait(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    other = app.provider.add_person("other")

    outcome = await app.come_back(await app.start(reconnects=account.account_id), other)

    assert isinstance(outcome.failure, AccountMismatch)
    assert not any(isinstance(one.content, ProvenConnection) for one in app.store.tables.pending.values())


@pytest.mark.parametrize("named", [True, False])
async def test_a_disconnected_account_is_not_brought_back_by_what_waited(
    app: Application, maria: Person, named: bool
) -> None:
    account = await app.connect(maria)
    token = await pending(app, maria, reconnects=account.account_id if named else None)

    await app.disconnect_account(EXPERT, account.account_id)

    with pytest.raises(ConnectionAttemptNotFound):
        await app.confirm_connection(EXPERT, token)
    assert app.store.tables.accounts == {}


async def test_asking_again_after_a_disconnect_finds_no_account(app: Application, maria: Person) -> None:
    token = await pending(app, maria)
    account = (await app.confirm_connection(EXPERT, token)).account
    await app.disconnect_account(EXPERT, account.account_id)

    with pytest.raises(AccountNotFound):
        await app.confirm_connection(EXPERT, token)


@pytest.mark.parametrize("token", ["", "token", "\x00", "x" * 500])
async def test_an_unknown_token_confirms_nothing(app: Application, maria: Person, token: str) -> None:
    await pending(app, maria)

    with pytest.raises(ConnectionAttemptNotFound):
        await app.confirm_connection(EXPERT, token)


async def test_nobody_confirms_for_an_unknown_expert(app: Application, maria: Person) -> None:
    with pytest.raises(ExpertNotFound):
        await app.confirm_connection(ExpertId("nobody"), await pending(app, maria))


async def test_waiting_sessions_are_written_once_it_is_confirmed(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    maria.revoke()
    await app.refresh_calendars(account.account_id)
    await app.book()
    await app.run_jobs()

    token = await pending(app, maria, reconnects=account.account_id)
    await app.run_jobs()
    assert maria.events == {}
    connected = await app.confirm_connection(EXPERT, token)
    await app.run_jobs()

    assert connected.sessions_woken == 1
    assert len(maria.events) == 1
