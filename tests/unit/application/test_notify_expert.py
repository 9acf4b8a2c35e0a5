"""The "Action required" mail: once an incident, and only when it is still true."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.access import AccessLost, InvalidAnswer, ProviderMisconfigured, ProviderUnavailable
from domain.account import AccountStatus, Provider
from domain.change import ChangeType
from domain.errors import DomainError
from domain.expert import Plan
from domain.ids import IncidentId
from domain.session import WriteStatus
from tests.builders import EXPERT, NOW, an_expert
from tests.fakes.provider import Person
from tests.support.application import RECONNECT_URL, Application
from tests.unit.application.incidents import OF_NOTICES, lose, the_incident


async def test_tells_the_expert_which_account_and_where_to_reconnect(app: Application, maria: Person) -> None:
    await lose(app, maria)
    await app.run_jobs()

    (mail,) = app.mailer.sent
    incident = the_incident(app)
    assert (mail.to, mail.display_name) == (an_expert().email, an_expert().display_name)
    assert (mail.account_email, mail.provider_name) == (maria.email, "Microsoft")
    assert mail.reconnect_url == f"{RECONNECT_URL}{incident.token}"
    assert incident.incident_id in mail.message_id
    assert (incident.notices, incident.closed_at) == (1, None)
    assert incident.mail_due_at == app.clock.now() + timedelta(days=3)
    assert not mail.reminder
    assert (mail.locale, mail.lost_on) == ("de-AT", NOW.date())


async def test_names_the_day_as_it_was_where_the_expert_lives(app: Application, maria: Person) -> None:
    await app.put_expert(
        expert_id=EXPERT,
        plan=Plan.PRO,
        email="maria@experts.example",
        display_name="Maria",
        time_zone="Pacific/Kiritimati",  # 14 hours ahead: there, the noon from which tests count is tomorrow
    )
    await lose(app, maria)
    await app.run_jobs()

    (mail,) = app.mailer.sent
    assert (mail.locale, mail.lost_on) == ("", NOW.date() + timedelta(days=1))


async def test_says_how_many_sessions_wait_because_of_it(app: Application, maria: Person) -> None:
    await lose(app, maria)
    incident_id = the_incident(app).incident_id
    for number in range(2):
        await app.book(session_id=f"session-{number}")
        await app.write(session_id=f"session-{number}")

    await app.notify_expert(incident_id)

    (mail,) = app.mailer.sent
    assert mail.sessions_at_risk == 2


async def test_one_mail_a_time_however_often_a_worker_is_woken(app: Application, maria: Person) -> None:
    await lose(app, maria)
    incident_id = the_incident(app).incident_id

    await asyncio.gather(*(app.notify_expert(incident_id) for _ in range(5)))
    await app.pass_time(timedelta(days=3) - timedelta(seconds=1))
    await app.notify_expert(incident_id)

    assert len(app.mailer.sent) == 1


async def test_a_false_alarm_is_taken_back_without_a_mail(app: Application, maria: Person) -> None:
    account_id = await lose(app, maria)
    await app.book()
    await app.write()
    maria.restore()

    await app.run_jobs()

    assert app.mailer.sent == []
    assert (await app.account(account_id)).status is AccountStatus.ACTIVE
    assert the_incident(app).closed_at == app.clock.now()
    assert (await app.session()).status is WriteStatus.WRITTEN


@pytest.mark.parametrize(
    "fault",
    [ProviderUnavailable(), ProviderUnavailable(throttled=True), InvalidAnswer(what="token answer")],
)
async def test_nobody_is_mailed_while_it_is_not_certain(
    app: Application, maria: Person, fault: DomainError
) -> None:
    await lose(app, maria)
    app.provider.fail("check_access", fault)
    await app.run_jobs()
    assert app.mailer.sent == []

    await app.pass_time(timedelta(seconds=30))

    assert len(app.mailer.sent) == 1
    assert app.alarms.history == []


async def test_a_fault_of_our_registration_alarms_the_operator_instead(
    app: Application, maria: Person
) -> None:
    await lose(app, maria)
    app.provider.fail("check_access", ProviderMisconfigured(code="invalid_client"))
    await app.run_jobs()

    assert app.mailer.sent == []
    assert app.alarms.raised == {Provider.MICROSOFT: "invalid_client"}


async def test_a_reconnect_before_the_mail_makes_it_needless(app: Application, maria: Person) -> None:
    account_id = await lose(app, maria)
    await app.connect(maria, reconnects=account_id)

    await app.run_jobs()

    assert app.mailer.sent == []
    assert app.provider.calls["check_access"] == 0


async def test_a_reconnect_while_the_provider_is_asked_stays_a_reconnect(
    app: Application, maria: Person
) -> None:
    account_id = await lose(app, maria)
    checking = app.provider.hold("check_access")
    notifying = asyncio.create_task(app.notify_expert(the_incident(app).incident_id))
    await checking.reached.wait()
    again = await app.connect(maria, reconnects=account_id)
    checking.release()
    await notifying

    assert app.mailer.sent == []
    assert await app.account(account_id) == again
    assert the_incident(app).closed_at is not None


@pytest.mark.parametrize("erased", [False, True])
async def test_nothing_comes_back_when_the_account_goes_while_the_provider_is_asked(
    app: Application, maria: Person, erased: bool
) -> None:
    account_id = await lose(app, maria)
    checking = app.provider.hold("check_access")
    notifying = asyncio.create_task(app.notify_expert(the_incident(app).incident_id))
    await checking.reached.wait()
    if erased:
        await app.delete_expert(EXPERT)
    else:
        await app.disconnect_account(EXPERT, account_id)
    checking.release()
    await notifying

    assert app.mailer.sent == []
    assert app.store.tables.incidents == {}
    assert app.store.wishes == ()


async def test_without_a_mailer_the_caller_is_told_once_that_the_expert_is_to_be_told(
    app: Application, maria: Person
) -> None:
    await lose(app, maria)
    app.forget_changes()
    notify, incident = replace(app.notify_expert, mailer=None), the_incident(app)

    await notify(incident.incident_id)
    await notify(incident.incident_id)
    await app.pass_time(timedelta(days=1))

    (told,) = app.changes(*OF_NOTICES)
    assert (told.type, told.incident_id) == (ChangeType.INCIDENT_NOTICE_DUE, incident.incident_id)
    assert told.account_id == incident.account_id
    assert the_incident(app).notices == 1
    assert app.mailer.sent == []


async def test_without_a_mailer_a_false_alarm_is_told_to_nobody(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    await app.report_lost_access(AccessLost(account_id=account.account_id, grant_version=1))

    await replace(app.notify_expert, mailer=None)(the_incident(app).incident_id)

    assert app.changes(ChangeType.INCIDENT_NOTICE_DUE) == []
    assert (await app.account(account.account_id)).status is AccountStatus.ACTIVE


async def test_a_mail_that_was_sent_or_refused_is_told(app: Application, maria: Person) -> None:
    await lose(app, maria)
    await app.run_jobs()
    assert [one.type for one in app.changes(*OF_NOTICES)] == [ChangeType.INCIDENT_NOTICE_SENT]

    app.forget_changes()
    await app.connect(maria)
    app.mailer.refused.add(an_expert().email)
    await lose(app, maria)
    await app.run_jobs()
    assert [one.type for one in app.changes(*OF_NOTICES)] == [ChangeType.INCIDENT_NOTICE_REFUSED]


async def test_unknown_incidents_are_nobodys(app: Application) -> None:
    await app.notify_expert(IncidentId("unknown"))

    assert app.mailer.sent == []
    assert app.provider.calls["check_access"] == 0


async def test_outages_mail_nobody(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    await app.book()
    app.provider.outage = True
    for _ in range(24):
        await app.refresh_calendars(account.account_id)
        await app.pass_time(timedelta(hours=1))

    assert app.mailer.sent == []
    assert app.store.tables.incidents == {}
    assert (await app.account(account.account_id)).status is AccountStatus.ACTIVE
