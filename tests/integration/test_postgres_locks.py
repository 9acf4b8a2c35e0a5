"""Who waits for whom in PostgreSQL: shown by the server's own list of those who wait."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from application.ports.store import Transaction
from domain.session import SessionNotFound
from tests.builders import (
    ACCOUNT,
    EXPERT,
    INCIDENT,
    NOW,
    SESSION,
    a_calendar,
    a_grant,
    a_session,
    after,
    an_account,
    an_event_copy,
    an_incident,
)
from tests.support.stores import KeptByPostgres, put_expert

Act = Callable[[Transaction], Awaitable[object]]


async def _stored(kept: KeptByPostgres) -> None:
    await put_expert(kept)
    session = a_session().woken(NOW)
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(), a_grant())
        await tx.sessions.add(session)
        await tx.incidents.add(an_incident())
        await tx.sessions.claim(EXPERT, SESSION, token="worker", now=NOW, until=after(hours=1))
        await tx.incidents.claim(INCIDENT, token="worker", now=NOW, until=after(hours=1))
    async with kept.pool.connection() as connection:
        await connection.execute("UPDATE session SET status = 'WAITING'")


async def _somebody_waits(kept: KeptByPostgres) -> None:
    async with asyncio.timeout(5):
        while not await kept.rows(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ):
            pass


@pytest.mark.parametrize(
    "lock",
    [
        lambda tx: tx.experts.lock(EXPERT),
        lambda tx: tx.accounts.lock(ACCOUNT),
        lambda tx: tx.sessions.lock(EXPERT, SESSION),
        lambda tx: tx.sessions.claimed(EXPERT, SESSION, token="worker"),
        lambda tx: tx.sessions.waiting(EXPERT),
        lambda tx: tx.incidents.open_of(ACCOUNT),
        lambda tx: tx.incidents.claimed(INCIDENT, token="worker"),
    ],
    ids=[
        "expert",
        "account",
        "session",
        "claimed session",
        "waiting sessions",
        "open incident",
        "claimed incident",
    ],
)
async def test_a_second_lock_waits_for_the_first_to_commit(kept: KeptByPostgres, lock: Act) -> None:
    await _stored(kept)
    got_it = asyncio.Event()

    async def second() -> None:
        async with kept.transaction() as tx:
            await lock(tx)
            got_it.set()

    async with asyncio.TaskGroup() as tasks, kept.transaction() as tx:
        await lock(tx)
        tasks.create_task(second())
        await _somebody_waits(kept)
        assert not got_it.is_set()
    assert got_it.is_set()


async def test_erasing_an_expert_waits_for_whoever_writes_a_session(kept: KeptByPostgres) -> None:
    """The writer must not need anything the eraser holds already, or both wait for ever."""
    await _stored(kept)

    async def erase() -> None:
        async with kept.transaction() as tx:
            await tx.experts.lock(EXPERT)
            await tx.experts.remove(EXPERT)

    async with asyncio.TaskGroup() as tasks, kept.transaction() as tx:
        await tx.sessions.claimed(EXPERT, SESSION, token="worker")
        tasks.create_task(erase())
        await _somebody_waits(kept)
        await tx.sessions.save(a_session(copy=an_event_copy()))
        await tx.jobs.write_session(EXPERT, SESSION)
    async with kept.transaction() as tx:
        with pytest.raises(SessionNotFound):
            await tx.sessions.get(EXPERT, SESSION)


@pytest.mark.parametrize(
    ("lock", "add"),
    [
        (lambda tx: tx.experts.lock(EXPERT), lambda tx: tx.sessions.add(a_session("another"))),
        (lambda tx: tx.accounts.lock(ACCOUNT), lambda tx: tx.calendars.save([a_calendar()])),
    ],
    ids=["expert", "account"],
)
async def test_a_lock_holds_nobody_back_who_only_adds_below(
    kept: KeptByPostgres, lock: Act, add: Act
) -> None:
    await _stored(kept)
    async with asyncio.timeout(5), kept.transaction() as holder:
        await lock(holder)
        async with kept.transaction() as tx:
            await add(tx)
