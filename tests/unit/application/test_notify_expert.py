"""The "Action required" mail: once an incident, only when it is still true, and in the end delivered."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from application.ports.mailer import ReconnectNotice
from application.ports.store import StoreUnavailable
from domain.access import AccessLost, InvalidAnswer, ProviderMisconfigured, ProviderUnavailable
from domain.account import AccountStatus, Provider
from domain.change import ChangeType
from domain.errors import DomainError
from domain.ids import AccountId, IncidentId
from domain.incident import Incident
from domain.session import WriteStatus
from tests.builders import EXPERT, an_expert
from tests.fakes.provider import Person
from tests.support.application import RECONNECT_URL, Application

OF_NOTICES = (
    ChangeType.INCIDENT_NOTICE_SENT,
    ChangeType.INCIDENT_NOTICE_DUE,
    ChangeType.INCIDENT_NOTICE_REFUSED,
)


async def lose(app: Application, person: Person) -> AccountId:
    """Connect and lose the access; the mail is due and queued."""
    account = await app.connect(person)
    person.revoke()
    await app.refresh_calendars(account.account_id)
    return account.account_id


def the_incident(app: Application) -> Incident:
    (incident,) = app.store.tables.incidents.values()
    return incident


async def test_tells_the_expert_which_account_and_where_to_reconnect(app: Application, maria: Person) -> None:
    await lose(app, maria)
    await app.run_jobs()

    (mail,) = app.mailer.sent
    incident = the_incident(app)
    assert (mail.to, mail.display_name) == (an_expert().email, an_expert().display_name)
    assert (mail.account_email, mail.provider_name) == (maria.email, "Microsoft")
    assert mail.reconnect_url == f"{RECONNECT_URL}{incident.token}"
    assert incident.incident_id in mail.message_id
    assert (incident.notices, incident.mail_due_at, incident.closed_at) == (1, None, None)


async def test_says_how_many_sessions_wait_because_of_it(app: Application, maria: Person) -> None:
    await lose(app, maria)
    incident_id = the_incident(app).incident_id
    for number in range(2):
        await app.book(session_id=f"session-{number}")
        await app.write(session_id=f"session-{number}")

    await app.notify_expert(incident_id)

    (mail,) = app.mailer.sent
    assert mail.sessions_at_risk == 2


async def test_one_mail_an_incident_however_often_a_worker_is_woken(app: Application, maria: Person) -> None:
    await lose(app, maria)
    incident_id = the_incident(app).incident_id

    await asyncio.gather(*(app.notify_expert(incident_id) for _ in range(5)))
    await app.pass_time(timedelta(days=30))
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


async def test_a_mail_that_could_not_be_handed_over_is_sent_later_and_once(
    app: Application, maria: Person
) -> None:
    await lose(app, maria)
    app.mailer.down = True
    await app.run_jobs()
    for _ in range(5):
        await app.pass_time(timedelta(minutes=30))
    assert the_incident(app).mail_failures > 1

    app.mailer.down = False
    await app.pass_time(timedelta(hours=1))
    await app.pass_time(timedelta(days=1))

    assert len(app.mailer.sent) == 1
    assert (the_incident(app).notices, the_incident(app).mail_failures) == (1, 0)


async def test_the_pauses_between_tries_grow_up_to_an_hour(app: Application, maria: Person) -> None:
    await lose(app, maria)
    app.mailer.down = True
    await app.run_jobs()
    pauses = []
    for _ in range(9):
        due = the_incident(app).mail_due_at
        assert due is not None
        pauses.append((due - app.clock.now()).total_seconds())
        app.clock.advance(due - app.clock.now())
        await app.run_jobs()

    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


async def test_an_address_that_takes_no_mail_is_not_tried_again(app: Application, maria: Person) -> None:
    account_id = await lose(app, maria)
    app.mailer.refused.add(an_expert().email)
    await app.run_jobs()
    app.mailer.refused.clear()
    await app.pass_time(timedelta(days=30))

    incident = the_incident(app)
    assert app.mailer.sent == []
    assert (incident.notices, incident.mail_failures, incident.closed_at) == (0, 1, None)
    assert (await app.account(account_id)).status is AccountStatus.RECONNECT_REQUIRED


async def move_to(app: Application, email: str) -> None:
    """The caller puts the expert with another address, and nothing else changed."""
    known = await app.get_expert(EXPERT)
    await app.put_expert(
        expert_id=EXPERT,
        plan=known.plan,
        email=email,
        display_name=known.display_name,
        time_zone=known.time_zone.key,
    )


async def test_another_address_is_mailed_when_the_former_took_none(app: Application, maria: Person) -> None:
    await lose(app, maria)
    app.mailer.refused.add(an_expert().email)
    await app.run_jobs()
    await app.pass_time(timedelta(days=1))

    await move_to(app, "new@experts.example")
    await app.run_jobs()

    assert [mail.to for mail in app.mailer.sent] == ["new@experts.example"]
    assert (the_incident(app).notices, the_incident(app).mail_failures) == (1, 0)
    types = [change.type for _, change in app.store.tables.changes]
    assert types.count(ChangeType.INCIDENT_NOTICE_REFUSED) == 1
    assert types.count(ChangeType.INCIDENT_NOTICE_SENT) == 1


async def test_an_address_that_changes_while_mail_to_it_is_refused_is_mailed_as_well(
    app: Application, maria: Person
) -> None:
    await lose(app, maria)
    app.mailer.refused.add(an_expert().email)
    checking = app.provider.hold("check_access")
    notifying = asyncio.create_task(app.notify_expert(the_incident(app).incident_id))
    await checking.reached.wait()
    await move_to(app, "new@experts.example")
    checking.release()
    await notifying
    await app.run_jobs()

    assert [mail.to for mail in app.mailer.sent] == ["new@experts.example"]
    assert ChangeType.INCIDENT_NOTICE_REFUSED not in [change.type for _, change in app.store.tables.changes]


@pytest.mark.parametrize("how", ["mailed before", "same address", "connected again", "still on its way"])
async def test_another_address_is_mailed_for_no_other_reason(
    app: Application, maria: Person, how: str
) -> None:
    account_id = await lose(app, maria)
    if how in {"same address", "connected again"}:
        app.mailer.refused.add(an_expert().email)
    if how == "still on its way":
        app.mailer.down = True
    await app.run_jobs()
    sent = len(app.mailer.sent)
    if how == "connected again":
        await app.connect(maria, reconnects=account_id)
    before = the_incident(app)

    await move_to(app, an_expert().email if how == "same address" else "new@experts.example")
    await app.run_jobs()

    assert the_incident(app) == before
    assert len(app.mailer.sent) == sent


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
    assert app.store.jobs == ()


async def test_a_mail_whose_worker_was_lost_is_sent_by_another(app: Application, maria: Person) -> None:
    await lose(app, maria)
    checking = app.provider.hold("check_access")
    notifying = asyncio.create_task(app.run_jobs())
    await checking.reached.wait()
    notifying.cancel()
    await asyncio.gather(notifying, return_exceptions=True)

    await app.pass_time(timedelta(minutes=2))
    assert app.mailer.sent == []
    await app.pass_time(timedelta(minutes=2))

    assert len(app.mailer.sent) == 1


@dataclass(frozen=True, slots=True)
class MailerBeforeAnOutage:
    """Hands the mail over, and then the database is gone."""

    app: Application

    async def send_reconnect_notice(
        self, notice: ReconnectNotice, *, before_handover: Callable[[], Awaitable[None]]
    ) -> None:
        await self.app.mailer.send_reconnect_notice(notice, before_handover=before_handover)
        self.app.store.away = True


@pytest.fixture
async def handed_over(app: Application, maria: Person) -> Incident:
    """The mail was handed over, and whoever did it died before that was recorded."""
    await lose(app, maria)
    notify = replace(app.notify_expert, mailer=MailerBeforeAnOutage(app))
    with pytest.raises(StoreUnavailable):
        await notify(the_incident(app).incident_id)
    app.store.away = False
    assert len(app.mailer.sent) == 1
    return the_incident(app)


@pytest.mark.usefixtures("handed_over")
async def test_a_mail_that_may_have_gone_out_is_not_sent_again_for_a_day(app: Application) -> None:
    await app.pass_time(timedelta(hours=23))
    assert len(app.mailer.sent) == 1

    await app.pass_time(timedelta(hours=2))

    first, second = app.mailer.sent
    assert first == second, "with the same Message-ID, so that the second copy can be recognised"
    assert (the_incident(app).notices, the_incident(app).mail_due_at) == (1, None)


@pytest.mark.usefixtures("handed_over")
async def test_a_reconnect_ends_what_was_uncertain(app: Application, maria: Person) -> None:
    maria.restore()
    await app.connect(maria)
    await app.pass_time(timedelta(days=2))

    assert len(app.mailer.sent) == 1


async def test_a_server_that_does_not_say_whether_it_took_the_mail_is_not_given_it_again_for_a_day(
    app: Application, maria: Person
) -> None:
    await lose(app, maria)
    app.mailer.silent = True
    await app.run_jobs()
    await app.pass_time(timedelta(hours=23))
    assert len(app.mailer.sent) == 1

    app.mailer.silent = False
    await app.pass_time(timedelta(hours=2))
    await app.pass_time(timedelta(days=7))

    first, second = app.mailer.sent
    assert first.message_id == second.message_id


async def test_whoever_was_believed_dead_hands_nothing_over(app: Application, maria: Person) -> None:
    """Its claim has passed on while it asked the provider; the mail is the other's to send."""
    await lose(app, maria)
    incident_id = the_incident(app).incident_id
    asking = app.provider.hold("check_access")
    async with app.running(app.notify_expert(incident_id)) as first:
        await asking.reached.wait()
        app.store.tables.incident_claims.clear()
        await app.notify_expert(incident_id)
        asking.release()
        await first

    assert len(app.mailer.sent) == 1


async def test_a_mail_that_was_never_begun_is_sent_by_the_next(app: Application, maria: Person) -> None:
    await lose(app, maria)
    asking = app.provider.hold("check_access")
    async with app.running(app.notify_expert(the_incident(app).incident_id)) as first:
        await asking.reached.wait()
        app.store.away = True
        asking.release()
        with pytest.raises(StoreUnavailable):
            await first
    app.store.away = False
    assert app.mailer.sent == []

    await app.pass_time(timedelta(minutes=4))

    assert len(app.mailer.sent) == 1


async def test_the_message_id_is_the_part_before_the_at_sign(app: Application, maria: Person) -> None:
    await lose(app, maria)
    await app.run_jobs()

    assert "@" not in app.mailer.sent[0].message_id


async def test_without_a_mailer_the_caller_is_told_once_that_the_expert_is_to_be_told(
    app: Application, maria: Person
) -> None:
    await lose(app, maria)
    app.store.take_jobs()
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
