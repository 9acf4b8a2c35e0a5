"""Losing and regaining access: one incident each, whoever and however many notice."""

import asyncio
from datetime import timedelta

import pytest

from domain.access import AccessLost
from domain.account import AccountStatus, Provider
from domain.ids import AccountId
from domain.incident import Incident, ReconnectedAlready, ReconnectLinkUnknown
from domain.interval import Interval
from tests.builders import EXPERT, NOW, after, an_interval
from tests.fakes.provider import Person
from tests.support.application import RECONNECT_URL, Application, callback_url

WINDOW = Interval(NOW, after(days=7))
BUDGET = timedelta(seconds=5)


def incidents_of(app: Application) -> list[Incident]:
    return list(app.store.tables.incidents.values())


async def test_the_first_evidence_opens_an_incident_and_has_the_expert_mailed(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    app.store.take_woken()

    await app.report_lost_access(AccessLost(account_id=account.account_id, grant_version=1))

    (incident,) = incidents_of(app)
    assert (incident.account_id, incident.expert_id) == (account.account_id, EXPERT)
    assert (incident.opened_at, incident.mail_due_at) == (app.clock.now(), app.clock.now())
    assert (await app.account(account.account_id)).status is AccountStatus.RECONNECT_REQUIRED
    assert app.store.take_woken() == ["notify_expert"]


async def test_fifty_who_notice_at_once_open_one_incident(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    lost = AccessLost(account_id=account.account_id, grant_version=1)
    app.store.take_woken()

    await asyncio.gather(*(app.report_lost_access(lost) for _ in range(50)))

    assert len(incidents_of(app)) == 1
    assert app.store.take_woken() == ["notify_expert"]


async def test_reads_lists_and_writes_that_notice_at_once_end_in_one_mail(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    for number in range(10):
        await app.book(f"session-{number}", interval=an_interval(starts=24 + number))
    maria.revoke()

    await asyncio.gather(
        app.run_jobs(),
        *(app.look_up_availability(EXPERT, WINDOW, budget=BUDGET) for _ in range(10)),
        *(app.refresh_calendars(account.account_id) for _ in range(10)),
    )
    await app.run_jobs()

    assert len(incidents_of(app)) == 1
    assert len(app.mailer.sent) == 1


async def test_every_account_has_its_own_incident(app: Application, maria: Person) -> None:
    second = app.provider.add_person("second")
    for person in (maria, second):
        await app.connect(person)
        person.revoke()

    await app.look_up_availability(EXPERT, WINDOW, budget=BUDGET)
    await app.run_jobs()

    assert sorted(mail.account_email for mail in app.mailer.sent) == [maria.email, second.email]


async def test_both_experts_of_a_shared_account_are_told(app: Application, maria: Person) -> None:
    await app.add_expert("expert-2")
    for expert_id in (EXPERT, "expert-2"):
        account = await app.connect(maria, expert_id=expert_id)
        maria.revoke()
        await app.refresh_calendars(account.account_id)
        await app.run_jobs()
        maria.restore()

    assert {one.expert_id for one in incidents_of(app)} == {EXPERT, "expert-2"}


async def test_evidence_from_before_the_last_sign_in_says_nothing(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    await app.connect(maria, reconnects=account.account_id)
    await app.run_jobs()
    app.store.take_woken()

    await app.report_lost_access(AccessLost(account_id=account.account_id, grant_version=1))

    assert (await app.account(account.account_id)).status is AccountStatus.ACTIVE
    assert incidents_of(app) == []
    assert app.store.take_woken() == []


async def test_evidence_about_an_account_that_is_gone_says_nothing(app: Application) -> None:
    await app.report_lost_access(AccessLost(account_id=AccountId("unknown"), grant_version=1))

    assert incidents_of(app) == []


async def test_a_reconnect_closes_the_incident(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    maria.revoke()
    await app.refresh_calendars(account.account_id)

    again = await app.connect(maria, reconnects=account.account_id)
    await app.run_jobs()

    (incident,) = incidents_of(app)
    assert again.status is AccountStatus.ACTIVE
    assert incident.closed_at is not None
    assert incident.mail_due_at is None
    assert app.mailer.sent == []


async def test_a_sign_in_for_no_account_in_particular_regains_access_too(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    maria.revoke()
    await app.refresh_calendars(account.account_id)

    again = await app.connect(maria)

    assert (again.account_id, again.status) == (account.account_id, AccountStatus.ACTIVE)
    assert incidents_of(app)[0].closed_at is not None


async def test_everything_resumes_with_the_reconnect(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    maria.revoke()
    known = await app.look_up_availability(EXPERT, WINDOW, budget=BUDGET)
    assert not known.complete

    await app.connect(maria, reconnects=account.account_id)

    known = await app.look_up_availability(EXPERT, WINDOW, budget=BUDGET)
    assert known.complete
    assert len(known.readings) == 1


async def test_a_second_loss_after_a_reconnect_is_a_second_incident(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    for _ in range(2):
        maria.revoke()
        await app.refresh_calendars(account.account_id)
        await app.run_jobs()
        await app.connect(maria, reconnects=account.account_id)

    assert len(app.mailer.sent) == 2
    assert len({mail.reconnect_url for mail in app.mailer.sent}) == 2
    assert len({mail.message_id for mail in app.mailer.sent}) == 2
    assert [one.closed_at is not None for one in incidents_of(app)] == [True, True]


async def lose(app: Application, person: Person) -> tuple[AccountId, str]:
    """Connect, lose the access, be mailed; the account and the token of the link."""
    account = await app.connect(person)
    person.revoke()
    await app.refresh_calendars(account.account_id)
    await app.run_jobs()
    return account.account_id, app.mailer.sent[-1].reconnect_url.removeprefix(RECONNECT_URL)


async def test_the_link_of_the_mail_starts_the_sign_in_for_that_very_account(
    app: Application, maria: Person
) -> None:
    account_id, token = await lose(app, maria)

    url = await app.start_reconnect(token)

    (attempt,) = app.store.tables.attempts.values()
    assert attempt.state in url
    assert maria.email.replace("@", "%40") in url
    assert f"reconnects={maria.object_id}" in url
    assert callback_url(Provider.MICROSOFT).rsplit("/", 1)[-1] in url
    assert (attempt.reconnects, attempt.expert_id, attempt.return_url) == (account_id, EXPERT, None)
    assert attempt.expires_at == app.clock.now() + timedelta(minutes=10)

    outcome = await app.finish(attempt.state, maria)
    assert outcome.reconnected
    assert (await app.account(account_id)).status is AccountStatus.ACTIVE


async def test_the_link_works_again_and_again_until_the_account_is_connected(
    app: Application, maria: Person
) -> None:
    account_id, token = await lose(app, maria)
    for _ in range(3):
        await app.start_reconnect(token)
        app.clock.advance(timedelta(days=30))
    await app.connect(maria, reconnects=account_id)

    with pytest.raises(ReconnectedAlready):
        await app.start_reconnect(token)


async def test_the_link_of_an_earlier_loss_leads_on_to_the_one_that_is_open(
    app: Application, maria: Person
) -> None:
    account_id, token = await lose(app, maria)
    await app.connect(maria, reconnects=account_id)
    maria.revoke()
    await app.refresh_calendars(account_id)
    await app.run_jobs()
    assert app.mailer.sent[-1].reconnect_url.removeprefix(RECONNECT_URL) != token

    await app.start_reconnect(token)

    (attempt,) = app.store.tables.attempts.values()
    assert attempt.reconnects == account_id
    assert (await app.finish(attempt.state, maria)).reconnected
    assert all(one.closed_at is not None for one in app.store.tables.incidents.values())


async def test_the_link_ends_with_the_account(app: Application, maria: Person) -> None:
    account_id, token = await lose(app, maria)
    await app.disconnect_account(EXPERT, account_id)

    with pytest.raises(ReconnectLinkUnknown):
        await app.start_reconnect(token)


@pytest.mark.parametrize("token", ["", "made-up"])
async def test_unknown_links_lead_nowhere(app: Application, maria: Person, token: str) -> None:
    await lose(app, maria)

    with pytest.raises(ReconnectLinkUnknown):
        await app.start_reconnect(token)
    assert app.store.tables.attempts == {}


async def test_a_reconnect_as_somebody_else_leaves_the_incident_open(app: Application, maria: Person) -> None:
    account_id, token = await lose(app, maria)
    other = app.provider.add_person("other")
    await app.start_reconnect(token)
    (state,) = app.store.tables.attempts

    outcome = await app.finish(state, other)

    assert outcome.failure is not None
    assert (await app.account(account_id)).status is AccountStatus.RECONNECT_REQUIRED
    await app.start_reconnect(token)
