"""A move that is killed with SIGKILL, at each step, and run again: the expert is in one cell, with everything."""

import asyncio
import signal
import sys

import pytest_asyncio
from psycopg import AsyncConnection

from adapters.postgres.migrate import migrate
from tests.support.stores import kept_by_postgres
from tests.support.whole_expert import store_whole_expert

STEPS = ("looked", "rehearsed", "left unseen", "left", "arriving", "arrived", "forwarded", "all")
"""The last one is run to its end."""
MOVE = """
import asyncio, os, signal, sys
from datetime import timedelta
from adapters.crypto.cipher import KeyRing
from adapters.postgres.moving import arrivals, departures
from adapters.postgres.pool import open_pool
from application.cells.move_expert import MoveExpert
from server.runtime.id_source import RandomIds

dsn, killed_at = sys.argv[1:]

def reached(step):
    if step == killed_at:
        os.kill(os.getpid(), signal.SIGKILL)

class Departures(departures.PostgresDepartures):
    async def look_at(self, expert_id):
        package = await super().look_at(expert_id)
        reached("looked")
        return package
    async def depart(self, expert_id, **how):
        departed = await super().depart(expert_id, **how)
        reached("left")
        return departed
    async def _take_out(self, *given, **how):
        await super()._take_out(*given, **how)
        reached("left unseen")
    async def forward(self, expert_id, **how):
        await super().forward(expert_id, **how)
        reached("forwarded")

class Arrivals(arrivals.PostgresArrivals):
    async def rehearse(self, package):
        await super().rehearse(package)
        reached("rehearsed")
    async def arrive(self, departed):
        await super().arrive(departed)
        reached("arrived")

settle_in = arrivals.settle_in
async def settling(connection, cipher, package):
    await settle_in(connection, cipher, package)
    cursor = await connection.execute("SELECT FROM arrived_expert")
    if cursor.rowcount:
        reached("arriving")
arrivals.settle_in = settling

async def move():
    keys = KeyRing({"test": bytes(range(32))})
    async with (
        open_pool(dsn, min_size=1, max_size=1, cell="public") as here,
        open_pool(dsn, min_size=1, max_size=1, cell="west") as there,
    ):
        await MoveExpert(
            here=Departures(pool=here, cipher=keys), there=Arrivals(pool=there, cipher=keys), ids=RandomIds(),
            patience=timedelta(seconds=20),
        )("expert-1")

asyncio.run(move())
"""
WHERE = """
    SELECT (SELECT count(*) FROM public.expert), (SELECT count(*) FROM west.expert),
        (SELECT count(*) FROM public.moved_expert WHERE package IS NOT NULL)
    """
ROWS = """
    SELECT (SELECT count(*) FROM {0}.session), (SELECT count(*) FROM {0}.session_mark),
        (SELECT count(*) FROM {0}.reserved_time), (SELECT count(*) FROM {0}.account_grant),
        (SELECT count(*) FROM {0}.incident), (SELECT count(*) FROM {0}.reading)
    """


async def _run(dsn: str, killed_at: str) -> int:
    made = await asyncio.create_subprocess_exec(sys.executable, "-c", MOVE, dsn, killed_at)
    async with asyncio.timeout(60):
        return await made.wait()


async def _row(dsn: str, query: str) -> tuple[int, ...]:
    async with await AsyncConnection.connect(dsn) as connection:
        row = await (await connection.execute(query.encode())).fetchone()
        assert row is not None
        return row


@pytest_asyncio.fixture
async def cells(dsn: str) -> str:
    await migrate(dsn, cell="west")
    async with kept_by_postgres(dsn) as kept:
        await store_whole_expert(kept)
    return dsn


async def test_it_goes_on_from_wherever_it_was_killed(cells: str) -> None:
    """Killed once at each step in turn, the run after it goes on from there."""
    before = await _row(cells, ROWS.format("public"))
    places = {}
    for step in STEPS:
        assert await _run(cells, step) == (0 if step == "all" else -signal.SIGKILL), step
        places[step] = await _row(cells, WHERE)
    here, on_the_way, there = (1, 0, 0), (0, 0, 1), (0, 1, 0)
    assert places == {
        "looked": here,
        "rehearsed": here,
        "left unseen": here,
        "left": on_the_way,
        "arriving": on_the_way,
        "arrived": (0, 1, 1),
        "forwarded": there,
        "all": there,
    }
    assert await _row(cells, ROWS.format("west")) == before
    assert await _row(cells, ROWS.format("public")) == (0,) * len(before)
    assert await _row(cells, "SELECT count(*) FROM west.arrived_expert WHERE NOT given_up") == (1,)
