"""Refusals are counted in the database: by several workers as by one, and by no process that doesn't know of them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio

from application.provider_faults import ProviderFault
from application.upkeep.weigh_refusal import WeighRefusal
from domain.access import AccessDoubted, AccessLost
from domain.account import Provider
from domain.doubt import APART, Doubt
from domain.ids import AccountId
from tests.builders import ACCOUNT, a_grant, an_account
from tests.fakes.clock import MovableClock
from tests.fakes.provider import FakeProvider
from tests.fakes.store import FakeStore
from tests.support.fake_ports import ports_of
from tests.support.stores import KeptByPostgres, kept_by_postgres, put_expert


@pytest_asyncio.fixture
async def kept(dsn: str) -> AsyncIterator[KeptByPostgres]:
    async with kept_by_postgres(dsn, at_once=4) as kept:
        await put_expert(kept)
        async with kept.transaction() as tx:
            await tx.accounts.add(an_account(), a_grant())
        yield kept


class Workers:
    """Four, at a provider that refuses the account, however it is asked."""

    def __init__(self, kept: KeptByPostgres, clock: MovableClock) -> None:
        provider = FakeProvider(FakeStore())
        provider.fail("check_access", refused(), times=100)
        ports = {Provider.MICROSOFT: ports_of(provider, push=None)}
        self._weigh = [WeighRefusal(store=kept.store, clock=clock, providers=ports) for _ in range(4)]

    async def refused_at_once(self, grant_version: int = 1) -> list[ProviderFault]:
        return await asyncio.gather(*(weigh(refused(grant_version)) for weigh in self._weigh))


def refused(grant_version: int = 1) -> AccessDoubted:
    return AccessDoubted(account_id=AccountId(ACCOUNT), grant_version=grant_version)


async def doubt_of(kept: KeptByPostgres) -> Doubt | None:
    async with kept.transaction() as tx:
        return (await tx.accounts.get(AccountId(ACCOUNT))).doubt


async def test_workers_that_are_refused_at_once_count_once(kept: KeptByPostgres) -> None:
    workers = Workers(kept, clock := MovableClock())
    for number in (1, 2):
        for fault in await workers.refused_at_once():
            assert isinstance(fault, AccessDoubted)
            assert fault.retry_after == APART
        assert await doubt_of(kept) == Doubt(grant_version=1, refusals=number, last_at=clock.now())
        clock.advance(APART)

    assert any(isinstance(fault, AccessLost) for fault in await workers.refused_at_once())


async def test_a_process_that_was_started_anew_goes_on_counting(kept: KeptByPostgres) -> None:
    clock = MovableClock()
    for _ in range(2):
        await Workers(kept, clock).refused_at_once()
        clock.advance(APART)

    faults = await Workers(kept, clock).refused_at_once()
    assert any(isinstance(fault, AccessLost) for fault in faults)


async def test_a_reconnect_by_the_version_before_starts_anew(kept: KeptByPostgres) -> None:
    """It leaves the columns that it doesn't know as they are."""
    workers = Workers(kept, clock := MovableClock())
    for _ in range(2):
        await workers.refused_at_once()
        clock.advance(APART)
    async with kept.pool.connection() as connection:
        await connection.execute("UPDATE account SET grant_version = 2")

    await workers.refused_at_once(grant_version=1)
    assert await doubt_of(kept) == Doubt(grant_version=1, refusals=2, last_at=clock.now() - APART)
    await workers.refused_at_once(grant_version=2)
    assert await doubt_of(kept) == Doubt(grant_version=2, refusals=1, last_at=clock.now())


async def test_a_doubted_account_is_asked_again_as_soon_as_it_says_more(kept: KeptByPostgres) -> None:
    clock = MovableClock()
    await Workers(kept, clock).refused_at_once()

    async with kept.pool.connection() as connection:
        cursor = await connection.execute("SELECT list_due_at FROM account")
        row = await cursor.fetchone()
    assert row == {"list_due_at": clock.now() + timedelta(minutes=7.5)}
