"""The limit counts accounts of all providers, and binds however sign-ins cross."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from application.accounts.complete_connection import CompleteConnection
from application.accounts.connect_account import ConnectAccount
from application.ports.sign_in import RedirectAnswer, SignIn
from domain.account import Provider
from domain.connection import Confirming, Way
from domain.expert import AccountLimitReached, Plan
from tests.builders import EXPERT, a_grant, an_account, an_attempt, an_expert
from tests.fakes.alarms import RecordingAlarms
from tests.fakes.clock import MovableClock
from tests.fakes.id_source import CountingIds
from tests.fakes.provider import FakeProvider, Held
from tests.fakes.store import FakeStore
from tests.support.fake_ports import ports_of
from tests.support.stores import KeptByPostgres, kept_by_postgres

BOTH = (Provider.MICROSOFT, Provider.GOOGLE)


@pytest_asyncio.fixture
async def kept(dsn: str) -> AsyncIterator[KeptByPostgres]:
    async with kept_by_postgres(dsn, at_once=2) as kept:
        yield kept


@pytest.mark.parametrize("first", BOTH)
async def test_of_two_sign_ins_at_two_providers_one_gets_the_last_place(
    kept: KeptByPostgres, first: Provider
) -> None:
    fakes = {which: FakeProvider(FakeStore(), which) for which in BOTH}
    providers = {which: ports_of(fake, push=None) for which, fake in fakes.items()}
    complete = CompleteConnection(
        store=kept.store,
        clock=(clock := MovableClock()),
        ids=(ids := CountingIds()),
        providers=providers,
        alarms=RecordingAlarms(),
        connect=ConnectAccount(clock=clock, ids=ids),
        confirming=Confirming.OFF,
    )
    async with kept.transaction() as tx:
        await tx.experts.put(an_expert(plan=Plan.FREE))
        await tx.accounts.add(an_account("there-already"), a_grant())
    answers = {which: await _signed_in(kept, providers[which].sign_in, fakes[which]) for which in BOTH}
    looks: list[Held] = [fakes[which].hold("first_look") for which in BOTH]

    both = asyncio.gather(
        *(complete(answers[which]) for which in sorted(BOTH, key=lambda one: one is not first))
    )
    for look in looks:
        await look.reached.wait()
    for look in looks:
        look.release()
    outcomes = await both

    (refused,) = [one.failure for one in outcomes if one.account is None]
    assert isinstance(refused, AccountLimitReached)
    assert (refused.limit, refused.connected) == (2, 2)
    async with kept.transaction() as tx:
        assert len(await tx.accounts.of_expert(EXPERT)) == 2


async def _signed_in(kept: KeptByPostgres, sign_in: SignIn, fake: FakeProvider) -> RedirectAnswer:
    """What the redirect brings after somebody signed in there."""
    started = await sign_in.begin(redirect_uri="https://calendars.example/callback")
    attempt = an_attempt(
        started.state, provider=fake.which, way=Way.NOWHERE, return_url=None, flow=started.flow
    )
    async with kept.transaction() as tx:
        await tx.attempts.add(attempt)
    return RedirectAnswer(state=started.state, code=fake.code_for(fake.add_person("somebody")))
