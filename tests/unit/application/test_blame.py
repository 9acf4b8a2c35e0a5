"""A refusal that no person can mend is one organisation's, or ours: told apart by whom it strikes."""

from datetime import timedelta

import pytest

from domain.access import AccessLost, LossCause, ProviderMisconfigured, ProviderUnavailable
from domain.account import AccountStatus, Provider
from domain.availability import UnreadReason
from domain.errors import DomainError
from domain.ids import AccountId
from domain.session import Hindrance, WriteStatus
from tests.fakes.provider import Person
from tests.support.application import Application

DISABLED = "unauthorized_client AADSTS7000112"
DELETED = "unauthorized_client AADSTS700016"


def in_tenant(app: Application, tenant: str) -> Person:
    return app.provider.add_person(f"of-{tenant}", tenant=tenant)


async def look(app: Application, account_id: AccountId) -> UnreadReason | None:
    return await app.refresh_calendars(account_id)


async def test_what_strikes_one_organisation_is_that_accounts_loss(app: Application, maria: Person) -> None:
    other = in_tenant(app, "tenant-2")
    account, works = await app.connect(maria), await app.connect(other)
    maria.refusal = DISABLED

    assert await look(app, account.account_id) is UnreadReason.RECONNECT_REQUIRED
    await app.run_jobs()

    lost = await app.account(account.account_id)
    assert (lost.status, lost.loss_cause) == (
        AccountStatus.RECONNECT_REQUIRED,
        LossCause.ORGANISATION_DISALLOWS,
    )
    assert [mail.cause for mail in app.mailer.sent] == [LossCause.ORGANISATION_DISALLOWS]
    assert (await app.account(works.account_id)).active
    assert app.alarms.history == []


async def test_what_strikes_several_organisations_at_once_is_ours(app: Application, maria: Person) -> None:
    people = [maria, in_tenant(app, "tenant-2"), in_tenant(app, "tenant-3")]
    accounts = [await app.connect(person) for person in people]
    for person in people:
        person.refusal = DELETED

    for account in accounts:
        assert await look(app, account.account_id) is UnreadReason.SERVICE_MISCONFIGURED
    await app.run_jobs()

    assert app.alarms.raised == {Provider.MICROSOFT: DELETED}
    assert app.mailer.sent == []
    assert app.store.tables.incidents == {}
    assert all([(await app.account(one.account_id)).active for one in accounts])


async def test_two_that_were_switched_off_by_chance_are_told_from_that_by_a_third(
    app: Application, maria: Person
) -> None:
    other, third = in_tenant(app, "tenant-2"), in_tenant(app, "tenant-3")
    accounts = [await app.connect(person) for person in (maria, other, third)]
    maria.refusal = other.refusal = DISABLED

    reasons = [await look(app, account.account_id) for account in accounts]

    assert reasons == [UnreadReason.RECONNECT_REQUIRED, UnreadReason.RECONNECT_REQUIRED, None]
    assert app.alarms.history == []


async def test_a_session_waits_for_the_operator_where_the_fault_is_ours(
    app: Application, maria: Person
) -> None:
    other = in_tenant(app, "tenant-2")
    await app.connect(maria)
    await app.connect(other)
    maria.refusal = other.refusal = DELETED
    await app.book()
    await app.write()

    session = await app.session()
    assert (session.status, session.hindrance) == (WriteStatus.WAITING, Hindrance.SERVICE_MISCONFIGURED)
    maria.refusal = other.refusal = ""
    await app.pass_time(timedelta(minutes=1))

    assert (await app.session()).status is WriteStatus.WRITTEN
    assert app.alarms.raised == {}


async def test_a_session_waits_for_the_administrator_and_is_written_after_the_reconnect(
    app: Application, maria: Person
) -> None:
    await app.connect(in_tenant(app, "tenant-2"))
    account = await app.connect(maria)
    await app.update_calendar_settings(
        account.expert_id,
        write=(await app.calendar(next(iter(maria.calendars)))).calendar_id,
    )
    maria.refusal = DISABLED
    await app.book()
    await app.write()
    assert (await app.session()).hindrance is Hindrance.RECONNECT_REQUIRED

    maria.refusal = ""
    await app.connect(maria, reconnects=account.account_id)
    await app.run_jobs()

    assert (await app.account(account.account_id)).loss_cause is None
    assert (await app.session()).status is WriteStatus.WRITTEN


@pytest.mark.parametrize(
    "fault", [ProviderUnavailable(), ProviderUnavailable(throttled=True)], ids=["away", "throttled"]
)
async def test_nothing_is_decided_while_nobody_else_can_be_asked(
    app: Application, maria: Person, fault: DomainError
) -> None:
    account = await app.connect(maria)
    await app.connect(in_tenant(app, "tenant-2"))
    maria.refusal = DISABLED
    app.provider.fail("check_access", fault)

    assert await look(app, account.account_id) is UnreadReason.PROVIDER_UNAVAILABLE
    assert (await app.account(account.account_id)).active

    assert await look(app, account.account_id) is UnreadReason.RECONNECT_REQUIRED


async def test_somebody_who_must_sign_in_again_is_proof_that_we_are_known(
    app: Application, maria: Person
) -> None:
    other = in_tenant(app, "tenant-2")
    account = await app.connect(maria)
    await app.connect(other)
    maria.refusal = DISABLED
    other.revoke()

    assert await look(app, account.account_id) is UnreadReason.RECONNECT_REQUIRED
    assert app.alarms.history == []


async def test_organisations_refused_for_different_reasons_are_lost_each_for_its_own(
    app: Application, maria: Person
) -> None:
    other = in_tenant(app, "tenant-2")
    account = await app.connect(maria)
    second = await app.connect(other)
    maria.refusal, other.refusal = DISABLED, DELETED

    assert await look(app, account.account_id) is UnreadReason.RECONNECT_REQUIRED
    assert await look(app, second.account_id) is UnreadReason.RECONNECT_REQUIRED
    assert app.alarms.history == []


async def test_our_expired_secret_is_not_taken_for_an_organisations_refusal(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    await app.connect(in_tenant(app, "tenant-2"))
    maria.refusal = DISABLED
    app.provider.fail("check_access", ProviderMisconfigured(code="invalid_client AADSTS7000222"))

    assert await look(app, account.account_id) is UnreadReason.SERVICE_MISCONFIGURED
    assert (await app.account(account.account_id)).active


async def test_a_whole_organisation_that_is_lost_asks_another_one_once(
    app: Application, maria: Person
) -> None:
    colleagues = [app.provider.add_person(f"colleague-{number}") for number in range(3)]
    accounts = [await app.connect(person) for person in colleagues]
    await app.connect(in_tenant(app, "tenant-2"))
    for person in colleagues:
        person.refusal = DISABLED

    for account in accounts:
        assert await look(app, account.account_id) is UnreadReason.RECONNECT_REQUIRED

    assert app.provider.calls["check_access"] == 1


async def test_the_mail_is_held_back_when_the_fault_turns_out_to_be_ours(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    maria.refusal = DELETED
    assert await look(app, account.account_id) is UnreadReason.RECONNECT_REQUIRED
    other = in_tenant(app, "tenant-2")
    await app.connect(other)
    other.refusal = DELETED

    await app.run_jobs()

    assert app.mailer.sent == []
    assert (await app.account(account.account_id)).active
    assert app.alarms.raised == {Provider.MICROSOFT: DELETED}


async def test_the_account_tells_what_the_mail_told(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    await app.report_lost_access(AccessLost(account_id=account.account_id, grant_version=1))
    maria.refusal, maria.refused_because = "invalid_grant AADSTS50057", LossCause.ACCOUNT_CLOSED

    await app.run_jobs()

    assert [mail.cause for mail in app.mailer.sent] == [LossCause.ACCOUNT_CLOSED]
    assert (await app.account(account.account_id)).loss_cause is LossCause.ACCOUNT_CLOSED
    (incident,) = app.store.tables.incidents.values()
    assert incident.cause is LossCause.ACCOUNT_CLOSED
