"""Writing when the provider can't now, or never will: who waits, who gives up, and how each goes on."""

from datetime import timedelta

import pytest

from domain.access import (
    InvalidAnswer,
    ProviderUnavailable,
)
from domain.account import AccountStatus, Provider
from domain.errors import DomainError
from domain.session import Hindrance, Session, WriteStatus
from tests.builders import EXPERT, SESSION, an_interval
from tests.fakes.provider import Person
from tests.support.application import Application


def state_of(session: Session) -> tuple[WriteStatus, Hindrance | None]:
    return session.status, session.hindrance


@pytest.mark.parametrize(
    "fault", [ProviderUnavailable(), ProviderUnavailable(throttled=True), InvalidAnswer(what="no JSON")]
)
@pytest.mark.parametrize("method", ["create", "update", "delete"])
async def test_passing_faults_are_waited_out_and_mail_nobody(
    app: Application, maria: Person, method: str, fault: DomainError
) -> None:
    account = await app.connect(maria)
    await app.book()
    if method != "create":
        await app.run_jobs()
    app.provider.fail(method, fault)
    if method == "update":
        await app.book(interval=an_interval(starts=30))
    if method == "delete":
        await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()
    assert state_of(await app.session()) == (WriteStatus.WAITING, Hindrance.PROVIDER_UNAVAILABLE)

    await app.pass_time(timedelta(seconds=5))

    assert state_of(await app.session()) == (WriteStatus.WRITTEN, None)
    assert (await app.account(account.account_id)).status is AccountStatus.ACTIVE
    assert app.mailer.sent == []


async def test_the_pauses_grow_and_end_with_the_outage(app: Application, maria: Person) -> None:
    await app.connect(maria)
    app.provider.outage = True
    await app.book()
    await app.run_jobs()
    pauses = []
    for _ in range(10):
        due = (await app.session()).due_at
        assert due is not None
        pauses.append((due - app.clock.now()).total_seconds())
        app.clock.advance(due - app.clock.now())
        await app.run_jobs()

    assert pauses == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    app.provider.outage = False
    await app.pass_time(timedelta(minutes=15))
    written = await app.session()
    assert (state_of(written), written.failures) == ((WriteStatus.WRITTEN, None), 0)


async def test_waits_as_long_as_the_provider_asks(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    app.provider.fail("create", ProviderUnavailable(throttled=True, retry_after=timedelta(seconds=40)))
    await app.run_jobs()

    await app.pass_time(timedelta(seconds=39))
    assert app.provider.calls["create"] == 1
    await app.pass_time(timedelta(seconds=1))

    assert (await app.session()).status is WriteStatus.WRITTEN


async def test_a_short_wish_of_the_provider_does_not_shorten_the_pause(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    app.provider.fail("create", ProviderUnavailable(retry_after=timedelta(seconds=2.128)))
    await app.run_jobs()

    await app.pass_time(timedelta(seconds=4))
    assert (await app.session()).status is WriteStatus.WAITING
    await app.pass_time(timedelta(seconds=1))

    assert (await app.session()).status is WriteStatus.WRITTEN


async def test_a_fault_of_our_registration_alarms_the_operator_mails_nobody_and_passes(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    app.provider.misconfigured = "AADSTS7000222"
    await app.book()
    await app.run_jobs()

    assert state_of(await app.session()) == (WriteStatus.WAITING, Hindrance.SERVICE_MISCONFIGURED)
    assert app.alarms.raised == {Provider.MICROSOFT: "AADSTS7000222"}

    await app.pass_time(timedelta(hours=1))
    app.provider.misconfigured = ""
    await app.pass_time(timedelta(minutes=15))

    assert state_of(await app.session()) == (WriteStatus.WRITTEN, None)
    assert app.alarms.raised == {}
    assert app.mailer.sent == []
