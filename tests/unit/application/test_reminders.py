"""Reminders after 3, 7 and 14 days: each once, as long as it is true, and under the rules of the first mail."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.change import ChangeType
from domain.ids import AccountId
from tests.builders import EXPERT, an_expert
from tests.fakes.provider import Person
from tests.support.application import Application
from tests.unit.application.incidents import OF_NOTICES, lose, the_incident


async def days_of_mails(app: Application, days: int) -> list[int]:
    """Let so many days pass; after how many each mail was sent."""
    sent: list[int] = []
    for day in range(days + 1):
        await app.run_jobs()
        sent += [day] * (len(app.mailer.sent) - len(sent))
        await app.pass_time(timedelta(days=1))
    return sent


async def test_an_expert_is_reminded_after_three_seven_and_fourteen_days_and_no_more(
    app: Application, maria: Person
) -> None:
    await lose(app, maria)

    assert await days_of_mails(app, 40) == [0, 3, 7, 14]

    assert [one.reminder for one in app.mailer.sent] == [False, True, True, True]
    assert len({one.message_id for one in app.mailer.sent}) == 4
    assert len({one.reconnect_url for one in app.mailer.sent}) == 1
    assert the_incident(app).notices == 4


async def test_where_the_caller_mails_each_reminder_is_told(app: Application, maria: Person) -> None:
    quiet = replace(app, notify_expert=replace(app.notify_expert, mailer=None))
    await lose(quiet, maria)
    told = []
    for day in range(20):
        await quiet.run_jobs()
        told += [day] * len(app.changes(ChangeType.INCIDENT_NOTICE_DUE))
        app.forget_changes()
        await quiet.pass_time(timedelta(days=1))

    assert told == [0, 3, 7, 14]
    assert app.mailer.sent == []


@pytest.mark.parametrize("end", ["reconnect", "disconnect", "erase", "restore"])
async def test_nobody_is_reminded_of_what_is_over(app: Application, maria: Person, end: str) -> None:
    account_id = await lose(app, maria)
    await app.run_jobs()
    ends: dict[str, Callable[[], object]] = {
        "reconnect": lambda: app.connect(maria, reconnects=AccountId(account_id)),
        "disconnect": lambda: app.disconnect_account(EXPERT, account_id),
        "erase": lambda: app.delete_expert(EXPERT),
        "restore": maria.restore,  # found out when the reminder is due
    }
    await app.pass_time(timedelta(days=2))
    ended = ends[end]()
    if ended is not None:
        await ended  # type: ignore[misc]

    assert await days_of_mails(app, 20) == [0]


async def test_a_second_loss_counts_from_its_own_first_mail(app: Application, maria: Person) -> None:
    account_id = await lose(app, maria)
    await app.run_jobs()
    await app.pass_time(timedelta(days=2))
    await app.connect(maria, reconnects=account_id)
    maria.revoke()
    await app.refresh_calendars(account_id)
    app.mailer.sent.clear()

    assert await days_of_mails(app, 20) == [0, 3, 7, 14]
    assert not app.mailer.sent[0].reminder


async def test_a_reminder_that_may_have_gone_out_is_sent_again_under_its_own_id(
    app: Application, maria: Person
) -> None:
    await lose(app, maria)
    await app.run_jobs()
    app.mailer.silent = True
    await app.pass_time(timedelta(days=3))
    app.mailer.silent = False
    assert len(app.mailer.sent) == 2
    await app.pass_time(timedelta(hours=23))
    assert len(app.mailer.sent) == 2

    await app.pass_time(timedelta(hours=1))

    first, once, again = app.mailer.sent
    assert once.message_id == again.message_id != first.message_id
    assert the_incident(app).notices == 2


async def test_an_address_that_refuses_a_reminder_is_tried_no_more_but_a_new_one_is(
    app: Application, maria: Person
) -> None:
    await lose(app, maria)
    await app.run_jobs()
    app.mailer.refused.add(an_expert().email)
    await app.pass_time(timedelta(days=3))
    assert the_incident(app).address_refused
    assert len(app.changes(ChangeType.INCIDENT_NOTICE_REFUSED)) == 1
    await app.pass_time(timedelta(days=5))
    assert len(app.changes(ChangeType.INCIDENT_NOTICE_REFUSED)) == 1

    expert = an_expert(email="new@experts.example")
    await app.put_expert(
        expert_id=expert.expert_id,
        plan=expert.plan,
        email=expert.email,
        display_name=expert.display_name,
        time_zone=expert.time_zone.key,
    )
    await app.run_jobs()

    assert [one.to for one in app.mailer.sent] == [an_expert().email, "new@experts.example"]
    assert app.mailer.sent[-1].reminder


async def test_a_mail_server_that_refuses_us_is_the_operators_and_nobodys_bounce(
    app: Application, maria: Person
) -> None:
    app.mailer.refuses_us = "login refused"
    await lose(app, maria)
    await app.run_jobs()

    assert app.alarms.mail_refused_because == "login refused"
    assert not the_incident(app).address_refused
    assert app.changes(*OF_NOTICES) == []

    app.mailer.refuses_us = ""
    await app.pass_time(timedelta(seconds=30))

    assert app.alarms.mail_refused_because == ""
    assert len(app.mailer.sent) == 1


async def test_a_mail_server_that_is_away_alarms_nobody(app: Application, maria: Person) -> None:
    app.mailer.down = True
    await lose(app, maria)
    await app.run_jobs()

    assert app.alarms.mail_refused_because == ""
