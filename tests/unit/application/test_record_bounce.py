"""A mail that came back after the mail server had taken it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Literal

import pytest

from domain.change import ChangeType
from tests.builders import EXPERT, an_expert
from tests.fakes.provider import Person
from tests.support.application import Application
from tests.unit.application.incidents import lose, the_incident

ADDRESS = an_expert().email


class Meanwhile(asyncio.Event):
    """Whoever waits for it has something happen first, and need not wait any longer."""

    def __init__(self, happen: Callable[[], Awaitable[object]]) -> None:
        super().__init__()
        self._happen = happen

    async def wait(self) -> Literal[True]:
        await self._happen()
        return True


@pytest.mark.parametrize("form", ["<{}@calendars.example>", "{}@calendars.example", " <{}@x> "])
async def test_nothing_more_is_mailed_to_an_address_that_sends_mail_back(
    app: Application, maria: Person, form: str
) -> None:
    await lose(app, maria)
    await app.run_jobs()
    message_id = form.format(app.mailer.sent[0].message_id)

    for _ in range(2):
        assert await app.record_bounce(message_id=message_id, recipient=ADDRESS.upper())

    assert the_incident(app).address_refused
    (told,) = app.changes(ChangeType.INCIDENT_NOTICE_REFUSED)
    assert told.incident_id == the_incident(app).incident_id
    await app.pass_time(timedelta(days=20))
    assert len(app.mailer.sent) == 1


@pytest.mark.parametrize("silent", [False, True])
async def test_a_mail_may_come_back_before_it_is_known_to_be_taken(
    app: Application, maria: Person, silent: bool
) -> None:
    app.mailer.silent = silent
    app.mailer.then = lambda notice: app.record_bounce(
        message_id=f"{notice.message_id}@calendars.example", recipient=notice.to
    )
    await lose(app, maria)
    await app.run_jobs()

    assert the_incident(app).address_refused
    await app.pass_time(timedelta(days=20))
    assert len(app.mailer.sent) == 1


async def test_what_came_back_keeps_the_mail_that_was_just_to_go(app: Application, maria: Person) -> None:
    await lose(app, maria)
    await app.run_jobs()
    message_id = f"{app.mailer.sent[0].message_id}@calendars.example"
    app.mailer.hangs = Meanwhile(lambda: app.record_bounce(message_id=message_id, recipient=ADDRESS))
    await app.pass_time(timedelta(days=3))

    assert the_incident(app).address_refused
    assert len(app.mailer.sent) == 1


async def test_another_address_is_mailed_at_once(app: Application, maria: Person) -> None:
    await lose(app, maria)
    await app.run_jobs()
    message_id = app.mailer.sent[0].message_id + "@calendars.example"
    await app.record_bounce(message_id=message_id, recipient=ADDRESS)

    expert = an_expert()
    await app.put_expert(
        expert_id=EXPERT,
        plan=expert.plan,
        email="new@experts.example",
        display_name=expert.display_name,
        time_zone=expert.time_zone.key,
    )
    await app.run_jobs()

    assert app.mailer.sent[-1].to == "new@experts.example"
    assert not await app.record_bounce(message_id=message_id, recipient=ADDRESS), (
        "that address is nobody's now"
    )
    assert not the_incident(app).address_refused


@pytest.mark.parametrize("message_id", ["", "nonsense", "<@>", "incident-9.1@x", "incident-1@x", "\x00.1@x"])
async def test_what_is_no_mail_of_ours_changes_nothing(
    app: Application, maria: Person, message_id: str
) -> None:
    await lose(app, maria)
    await app.run_jobs()
    before = the_incident(app)

    assert not await app.record_bounce(message_id=message_id, recipient=ADDRESS)

    assert the_incident(app) == before


async def test_a_closed_incident_takes_no_bounces(app: Application, maria: Person) -> None:
    account_id = await lose(app, maria)
    await app.run_jobs()
    await app.connect(maria, reconnects=account_id)

    message_id = app.mailer.sent[0].message_id + "@calendars.example"
    assert not await app.record_bounce(message_id=message_id, recipient=ADDRESS)
