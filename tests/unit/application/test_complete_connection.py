"""Finishing a sign-in: every way it can end, and that only one of them stores anything."""

import asyncio
from datetime import timedelta

import pytest

from application.accounts.complete_connection import ConnectionOutcome
from application.ports.sign_in import RedirectAnswer
from domain.access import (
    AccessDenied,
    ClockDiffers,
    InvalidAnswer,
    ProviderMisconfigured,
    ProviderUnavailable,
)
from domain.account import AccountKind, AccountStatus, Provider
from domain.connection import (
    AdminApprovalRequired,
    ConnectionAttemptExpired,
    ConnectionAttemptNotFound,
    MailboxNotServed,
    SignInCancelled,
    SignInInterrupted,
    SignInRefused,
)
from domain.errors import DomainError
from domain.expert import ExpertNotFound
from domain.ids import ExpertId
from domain.permissions import PermissionsMissing
from tests.builders import EXPERT
from tests.fakes.provider import Person
from tests.fakes.sign_in import ADMIN_CONSENT_URL
from tests.support.application import RETURN_URL, Application


def assert_nothing_is_stored(app: Application) -> None:
    tables = app.store.tables
    assert (tables.accounts, tables.grants, tables.calendars, tables.settings) == ({}, {}, {}, {})
    assert tables.attempts == {}
    assert tables.wishes == []


def failure_of(outcome: ConnectionOutcome) -> DomainError:
    assert outcome.account is None
    assert outcome.failure is not None
    return outcome.failure


async def test_connects_the_account_that_signed_in(app: Application, maria: Person) -> None:
    outcome = await app.finish(await app.start(), maria)

    account = outcome.account
    assert account is not None
    assert outcome.failure is None
    assert not outcome.reconnected
    assert outcome.return_url == RETURN_URL
    assert account == await app.account(account.account_id)
    assert (account.identity, account.kind, account.email) == (maria.identity, AccountKind.WORK, maria.email)
    assert (account.status, account.grant_version) == (AccountStatus.ACTIVE, 1)
    assert account.connected_at == app.clock.now()


async def test_serves_personal_accounts_as_well(app: Application) -> None:
    person = app.provider.add_person("private", kind=AccountKind.PERSONAL)

    assert (await app.connect(person)).kind is AccountKind.PERSONAL


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"error": "access_denied", "error_subcode": "cancel"}, SignInCancelled),
        ({"error": "access_denied", "error_description": "AADSTS65004: declined"}, SignInCancelled),
        ({"error": "access_denied", "error_description": "AADSTS90094: admin"}, AdminApprovalRequired),
        ({"error": "consent_required"}, AdminApprovalRequired),
        ({"error": "temporarily_unavailable"}, SignInInterrupted),
        ({"error": "server_error"}, SignInInterrupted),
        ({"error": "invalid_client"}, ProviderMisconfigured),
        ({"error": "never_heard_of"}, SignInRefused),
        ({"code": "a-code-nobody-gave"}, SignInRefused),
        ({}, SignInRefused),
    ],
)
async def test_an_error_of_the_provider_ends_the_sign_in_with_its_reason(
    app: Application, answer: dict[str, str], expected: type[DomainError]
) -> None:
    state = await app.start()

    outcome = await app.complete_connection(RedirectAnswer(state=state, **answer))

    assert type(failure_of(outcome)) is expected
    assert outcome.return_url == RETURN_URL
    assert_nothing_is_stored(app)


async def test_administrators_are_told_where_to_approve(app: Application) -> None:
    outcome = await app.complete_connection(
        RedirectAnswer(state=await app.start(), error="access_denied", error_subcode="consent_required")
    )

    failure = failure_of(outcome)
    assert isinstance(failure, AdminApprovalRequired)
    assert failure.admin_consent_url == ADMIN_CONSENT_URL


async def test_names_the_permissions_that_were_not_granted(app: Application, maria: Person) -> None:
    maria.granted = ("User.Read",)

    outcome = await app.finish(await app.start(), maria)

    failure = failure_of(outcome)
    assert isinstance(failure, PermissionsMissing)
    assert failure.missing == ("Calendars.ReadWrite",)
    assert outcome.return_url == RETURN_URL
    assert_nothing_is_stored(app)


async def test_permissions_count_in_either_spelling(app: Application, maria: Person) -> None:
    maria.granted = ("https://graph.microsoft.com/CALENDARS.READWRITE", "user.read")

    assert (await app.finish(await app.start(), maria)).failure is None


async def test_refuses_an_account_without_a_mailbox_we_can_serve(app: Application, maria: Person) -> None:
    maria.served = False

    outcome = await app.finish(await app.start(), maria)

    assert isinstance(failure_of(outcome), MailboxNotServed)
    assert_nothing_is_stored(app)


@pytest.mark.parametrize(
    ("method", "fault", "expected"),
    [
        ("redeem", ProviderUnavailable(), SignInInterrupted),
        ("redeem", ProviderMisconfigured(code="invalid_client"), ProviderMisconfigured),
        ("first_look", ProviderUnavailable(throttled=True), SignInInterrupted),
        ("first_look", InvalidAnswer(what="no list"), SignInInterrupted),
        ("first_look", AccessDenied(), SignInInterrupted),
        ("first_look", ProviderMisconfigured(code="invalid_client"), ProviderMisconfigured),
    ],
)
async def test_nothing_is_stored_when_the_provider_fails_half_way(
    app: Application, maria: Person, method: str, fault: DomainError, expected: type[DomainError]
) -> None:
    app.provider.fail(method, fault)

    outcome = await app.finish(await app.start(), maria)

    assert type(failure_of(outcome)) is expected
    assert outcome.return_url == RETURN_URL
    assert_nothing_is_stored(app)


async def test_a_new_sign_in_works_after_an_outage_ended_the_last(app: Application, maria: Person) -> None:
    app.provider.fail("redeem", ProviderUnavailable())
    await app.finish(await app.start(), maria)

    assert (await app.finish(await app.start(), maria)).failure is None


async def test_does_not_believe_a_new_account_without_any_calendar(app: Application) -> None:
    person = app.provider.add_person("empty", calendar=False)

    outcome = await app.finish(await app.start(), person)

    assert isinstance(failure_of(outcome), SignInInterrupted)
    assert_nothing_is_stored(app)


async def test_a_fault_of_our_registration_alarms_the_operator_until_a_sign_in_works(
    app: Application, maria: Person
) -> None:
    app.provider.misconfigured = "AADSTS7000222"
    outcome = await app.finish(await app.start(), maria)

    assert isinstance(failure_of(outcome), ProviderMisconfigured)
    assert app.alarms.raised == {Provider.MICROSOFT: "AADSTS7000222"}

    app.provider.misconfigured = ""
    await app.connect(maria)
    assert app.alarms.raised == {}


async def test_clocks_too_far_apart_alarm_the_operator(app: Application, maria: Person) -> None:
    app.provider.fail("redeem", ClockDiffers(by=timedelta(minutes=9)))
    outcome = await app.finish(await app.start(), maria)

    assert isinstance(failure_of(outcome), ClockDiffers)
    assert app.alarms.clock_off_by == timedelta(minutes=9)
    assert_nothing_is_stored(app)


async def test_what_a_redirect_says_without_a_code_alarms_nobody(app: Application) -> None:
    outcome = await app.complete_connection(RedirectAnswer(state=await app.start(), error="invalid_client"))

    assert isinstance(failure_of(outcome), ProviderMisconfigured)
    assert app.alarms.history == []


async def test_a_redirect_that_comes_twice_counts_once(app: Application, maria: Person) -> None:
    state = await app.start()
    await app.finish(state, maria)

    with pytest.raises(ConnectionAttemptNotFound):
        await app.finish(state, maria)

    assert len(app.store.tables.accounts) == 1


async def test_of_two_who_finish_the_same_sign_in_at_once_one_gets_it(
    app: Application, maria: Person
) -> None:
    state = await app.start()

    one, other = await asyncio.gather(
        app.finish(state, maria), app.finish(state, maria), return_exceptions=True
    )

    assert {type(one), type(other)} == {ConnectionOutcome, ConnectionAttemptNotFound}
    assert app.provider.calls["redeem"] == 1


async def test_a_failed_sign_in_is_used_up_too(app: Application, maria: Person) -> None:
    state = await app.start()
    await app.complete_connection(RedirectAnswer(state=state, error="access_denied"))

    with pytest.raises(ConnectionAttemptNotFound):
        await app.finish(state, maria)


async def test_an_unknown_state_is_nobodys_sign_in(app: Application, maria: Person) -> None:
    with pytest.raises(ConnectionAttemptNotFound):
        await app.finish("made-up", maria)

    assert app.provider.calls["redeem"] == 0


async def test_a_sign_in_can_be_finished_until_ten_minutes_have_passed(
    app: Application, maria: Person
) -> None:
    state = await app.start()
    app.clock.advance(timedelta(minutes=10) - timedelta(microseconds=1))

    assert (await app.finish(state, maria)).failure is None


async def test_a_sign_in_expires_after_ten_minutes(app: Application, maria: Person) -> None:
    state = await app.start()
    app.clock.advance(timedelta(minutes=10))

    outcome = await app.finish(state, maria)

    assert isinstance(failure_of(outcome), ConnectionAttemptExpired)
    assert outcome.return_url == RETURN_URL
    assert app.provider.calls["redeem"] == 0
    assert_nothing_is_stored(app)


async def test_another_expert_cannot_finish_the_sign_in_and_does_not_use_it_up(
    app: Application, maria: Person
) -> None:
    other = await app.add_expert("expert-2")
    state = await app.start(redirect_uri=RETURN_URL)
    answer = RedirectAnswer(state=state, code=app.provider.code_for(maria))

    with pytest.raises(ConnectionAttemptNotFound):
        await app.complete_connection(answer, expert_id=other)

    assert (await app.complete_connection(answer, expert_id=EXPERT)).failure is None


async def test_a_sign_in_of_an_expert_erased_meanwhile_connects_nothing(
    app: Application, maria: Person
) -> None:
    state = await app.start()
    look = app.provider.hold("first_look")
    finishing = asyncio.create_task(app.finish(state, maria))
    await look.reached.wait()
    await app.delete_expert(EXPERT)
    look.release()

    assert isinstance(failure_of(await finishing), ExpertNotFound)
    assert_nothing_is_stored(app)


async def test_two_experts_may_connect_the_same_microsoft_account(app: Application, maria: Person) -> None:
    await app.add_expert("expert-2")
    one = await app.connect(maria)
    other = await app.connect(maria, expert_id="expert-2")

    assert one.account_id != other.account_id
    assert one.identity == other.identity
    for expert_id in (EXPERT, "expert-2"):
        listed = await app.list_accounts(ExpertId(expert_id))
        assert len(listed.accounts) == 1
