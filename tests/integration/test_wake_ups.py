"""Wake-ups as a process hears them: each kind of work, and after an outage that some may have been missed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from adapters.postgres import wake_ups
from adapters.postgres.wake_ups import PostgresWakeUps
from tests.builders import EXPERT, INCIDENT, SESSION, after
from tests.support.stores import KeptByPostgres

Next = Callable[[], Awaitable[str | None]]


@asynccontextmanager
async def listening(dsn: str) -> AsyncIterator[Next]:
    heard: asyncio.Queue[str | None] = asyncio.Queue()
    listening = asyncio.create_task(PostgresWakeUps(dsn=dsn).listen(heard.put_nowait))

    async def following() -> str | None:
        async with asyncio.timeout(10):
            return await heard.get()

    try:
        yield following
    finally:
        listening.cancel()
        await asyncio.wait([listening])


async def wake(kept: KeptByPostgres) -> None:
    async with kept.transaction() as tx:
        await tx.jobs.write_session(EXPERT, SESSION, at=after(days=36_500))
        await tx.jobs.notify_expert(INCIDENT)
        await tx.jobs.write_session(EXPERT, SESSION)


async def cut(kept: KeptByPostgres) -> None:
    await kept.rows(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE application_name = 'calendarsync wake-ups' AND datname = current_database()"
    )


async def test_hears_what_is_due_now_by_its_kind(kept: KeptByPostgres, dsn: str) -> None:
    async with listening(dsn) as following:
        assert await following() is None
        await wake(kept)
        assert [await following() for _ in range(2)] == ["notify_expert", "write_session"]


async def test_after_an_outage_everybody_looks_and_it_hears_again(kept: KeptByPostgres, dsn: str) -> None:
    async with listening(dsn) as following:
        assert await following() is None
        await cut(kept)
        assert await following() is None
        await wake(kept)
        assert [await following() for _ in range(2)] == ["notify_expert", "write_session"]


async def test_a_silent_connection_is_asked_and_goes_on_hearing(
    kept: KeptByPostgres, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wake_ups, "ASKED_EVERY", timedelta(milliseconds=1))
    async with listening(dsn) as following:
        assert await following() is None
        for _ in range(20):
            await wake(kept)
            assert [await following() for _ in range(2)] == ["notify_expert", "write_session"]
