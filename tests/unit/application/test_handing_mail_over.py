"""The "Action required" mail on its way: refused, lost, or given to a server that never answers."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from application.ports.mailer import ReconnectNotice
from application.ports.store import StoreUnavailable
from domain.account import AccountStatus
from domain.change import ChangeType
from domain.incident import Incident
from tests.builders import EXPERT, an_expert
from tests.fakes.provider import Person
from tests.support.application import Application
from tests.unit.application.incidents import lose, the_incident


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
    assert (the_incident(app).notices, the_incident(app).mail_due_at) == (
        1,
        app.clock.now() + timedelta(days=3),
    )


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
    await app.pass_time(timedelta(days=2))

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
