"""Writing when the person must sign in again: in the end everything is written by itself."""

import asyncio
from datetime import timedelta

from domain.access import (
    AccessLost,
    ProviderUnavailable,
)
from domain.account import AccountStatus
from domain.session import Hindrance, Session, WriteStatus
from tests.builders import EXPERT, SESSION, an_interval
from tests.fakes.provider import Person
from tests.support.application import Application


def state_of(session: Session) -> tuple[WriteStatus, Hindrance | None]:
    return session.status, session.hindrance


async def test_sessions_wait_for_the_reconnect_and_are_written_by_themselves(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    await app.book()
    await app.run_jobs()
    maria.revoke()
    await app.book(interval=an_interval(starts=30))
    await app.book("session-2", interval=an_interval(starts=24))
    await app.run_jobs()

    for name in (SESSION, "session-2"):
        assert state_of(await app.session(name)) == (WriteStatus.WAITING, Hindrance.RECONNECT_REQUIRED)
    assert (await app.account(account.account_id)).status is AccountStatus.RECONNECT_REQUIRED
    assert len(app.mailer.sent) == 1
    await app.pass_time(timedelta(days=3))
    assert len(maria.events) == 1

    await app.connect(maria, reconnects=account.account_id)
    await app.run_jobs()

    written = sorted(event.interval for event in maria.events.values())
    assert written == [an_interval(starts=24), an_interval(starts=30)]
    assert (await app.session()).replacement is None


async def test_a_change_of_an_event_waits_with_its_account_though_another_works(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    second = app.provider.add_person("second")
    await app.connect(second)
    await app.book()
    await app.run_jobs()
    maria.revoke()
    await app.book(interval=an_interval(starts=30))
    await app.run_jobs()
    assert state_of(await app.session()) == (WriteStatus.WAITING, Hindrance.RECONNECT_REQUIRED)
    assert second.events == {}

    await app.connect(maria, reconnects=account.account_id)
    await app.run_jobs()

    assert maria.the_event.interval == an_interval(starts=30)
    assert second.events == {}


async def test_a_new_session_goes_where_automatic_goes_when_the_access_turns_out_to_be_lost(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    second = app.provider.add_person("second")
    await app.connect(second)
    maria.revoke()
    await app.book()
    await app.run_jobs()

    assert state_of(await app.session()) == (WriteStatus.WRITTEN, None)
    assert len(second.events) == 1
    assert (await app.session()).replacement is None


async def test_an_event_that_may_exist_in_a_lost_account_is_not_written_elsewhere(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    second = app.provider.add_person("second")
    await app.connect(second)
    app.provider.fail("create", ProviderUnavailable(outcome_unknown=True), after_doing=True)
    await app.book()
    await app.run_jobs()
    maria.revoke()
    await app.pass_time(timedelta(minutes=1))
    assert state_of(await app.session()) == (WriteStatus.WAITING, Hindrance.RECONNECT_REQUIRED)

    await app.connect(maria, reconnects=account.account_id)
    await app.run_jobs()

    assert len(maria.events) == 1
    assert second.events == {}


async def test_a_reconnect_during_the_call_is_not_missed(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    await app.book()
    await app.run_jobs()
    maria.revoke()
    await app.book(interval=an_interval(starts=30))
    updating = app.provider.hold("update")
    app.provider.fail(
        "update", AccessLost(account_id=account.account_id, grant_version=account.grant_version)
    )
    writing = asyncio.create_task(app.write())
    await updating.reached.wait()
    await app.connect(maria, reconnects=account.account_id)
    updating.release()
    await writing

    assert state_of(await app.session()) == (WriteStatus.WRITTEN, None)
    assert maria.the_event.interval == an_interval(starts=30)
    assert app.mailer.sent == []


async def test_cancellations_wait_for_the_reconnect_too(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    await app.book()
    await app.run_jobs()
    maria.revoke()
    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()
    assert state_of(await app.session()) == (WriteStatus.WAITING, Hindrance.RECONNECT_REQUIRED)

    await app.connect(maria, reconnects=account.account_id)
    await app.run_jobs()

    assert maria.events == {}
