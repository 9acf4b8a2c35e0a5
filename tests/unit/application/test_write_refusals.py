"""Writing what the provider refuses for good."""

import asyncio
from datetime import timedelta

from domain.access import (
    WriteRefused,
)
from domain.session import Hindrance, Session, WriteStatus
from tests.builders import EXPERT, SESSION, an_interval, some_details
from tests.fakes.provider import Person
from tests.support.application import Application


def state_of(session: Session) -> tuple[WriteStatus, Hindrance | None]:
    return session.status, session.hindrance


async def test_a_refused_session_fails_for_good_and_holds_up_nobody(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    await app.book("session-2", interval=an_interval(starts=30))
    app.provider.fail("create", WriteRefused(code="ErrorPropertyValidationFailure"))
    await app.run_jobs()

    failed = await app.session()
    assert state_of(failed) == (WriteStatus.FAILED, Hindrance.REFUSED_BY_PROVIDER)
    assert (await app.session("session-2")).status is WriteStatus.WRITTEN
    await app.pass_time(timedelta(days=1))
    assert await app.session() == failed
    assert app.provider.calls["create"] == 2


async def test_a_change_gives_a_refused_session_another_chance(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    app.provider.fail("create", WriteRefused(code="ErrorPropertyValidationFailure"))
    await app.run_jobs()

    await app.book(details=some_details("Shorter"))
    await app.run_jobs()

    assert state_of(await app.session()) == (WriteStatus.WRITTEN, None)
    assert maria.the_event.details.title == "Shorter"
    assert (await app.session()).replacement is None
    assert app.provider.calls["find"] == 0


async def test_a_refused_session_can_be_cancelled(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    app.provider.fail("create", WriteRefused(code="ErrorPropertyValidationFailure"))
    await app.run_jobs()

    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()

    assert (await app.session()).status is WriteStatus.WRITTEN
    assert app.provider.calls["delete"] == 0


async def test_a_refused_change_leaves_the_event_as_it_was(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    app.provider.fail("update", WriteRefused(code="ErrorPropertyValidationFailure"))
    await app.book(interval=an_interval(starts=30))
    await app.run_jobs()
    assert (await app.session()).status is WriteStatus.FAILED
    assert (await app.session()).written_revision == 1

    await app.book(interval=an_interval(starts=36))
    await app.run_jobs()

    assert maria.the_event.interval == an_interval(starts=36)


async def test_the_refusal_of_an_old_state_does_not_fail_the_new_one(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    app.provider.fail("create", WriteRefused(code="ErrorPropertyValidationFailure"))
    creating = app.provider.hold("create")
    writing = asyncio.create_task(app.write())
    await creating.reached.wait()
    await app.book(details=some_details("Shorter"))
    creating.release()
    await writing

    assert state_of(await app.session()) == (WriteStatus.WRITTEN, None)
    assert maria.the_event.details.title == "Shorter"
