"""The parts of a run, each of which gives its table."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bench import availability, live, sessions
from bench.beside import pairs, stage_before
from bench.builds import BuildMissing, build_before, without_before
from bench.caldav_account import account_table
from bench.caldav_events import caldav_table
from bench.databases import connections_to
from bench.events import cost_table
from bench.fair import fair
from bench.flood import flood
from bench.fresh import fresh
from bench.half_open import half_open
from bench.pairs import pairs_table, take_pairs
from bench.polls import polls
from bench.push import push
from bench.sampling import Row, take_rounds
from bench.stage import Stage
from bench.statements import writing
from bench.surroundings import server
from bench.table import markdown, table
from bench.watchers import watchers
from server.runtime.settings import Role

ROUNDS = 5
SECONDS = 0.8
PAIR_SECONDS = 0.5


async def idle_watchers(stage: Stage) -> str:
    """First of all, in a fresh server: others would leave memory behind for it."""
    return markdown(
        [("what", "measured"), *(await watchers(stage.client, stage.where.server.service)).lines()]
    )


async def pushed(stage: Stage) -> str:
    # Its jobs would disturb everything else, and be busy with everything else's: it runs for this alone.
    with server(Role.ALL, stage.where.environment):
        measured = await push(stage.client, stage.where, stage.world)
    return markdown([("what", "measured"), *measured.lines()])


async def reads(stage: Stage) -> str:
    await stage.connect()
    await availability.require_found_as_told(stage.client)
    async with availability.asking(stage.where.dsn) as ask:
        rows = await _rounds(availability.rows(stage.client, ask))
    memory = await stage.client.memory()
    connections = await asyncio.to_thread(connections_to, stage.where.dsn)
    has = f"{memory / 1e6:.0f} MB resident and {connections} connections to the database"
    return f"{rows}\n\nThe server then has {has}."


async def writes(stage: Stage) -> str:
    with writing(stage.where.dsn) as writers:
        return await _rounds(sessions.rows(stage.client, writers))


async def looks_now(stage: Stage) -> str:
    await stage.connect()
    asked = await live.graph_requests_a_check(stage.client, stage.world)
    async with live.bare_reading(stage.where, stage.world) as bare:
        rows = await _rounds(live.rows(stage.client, bare))
    return f"{rows}\n\nGraph requests a CheckTimes, readings fresh: {asked:g}"


async def beside_before(stage: Stage) -> str:
    await stage.connect()
    try:
        with build_before() as build:
            async with stage_before(stage.where, build) as before:
                await before.connect()
                measured = await take_pairs(
                    pairs(stage.client, before.client), rounds=ROUNDS, seconds=PAIR_SECONDS
                )
    except BuildMissing as missing:
        return without_before(missing)
    return pairs_table(measured)


async def _rounds(rows: Sequence[Row]) -> str:
    return table(await take_rounds(rows, rounds=ROUNDS, seconds=SECONDS))


ON_STAGE: Mapping[str, Callable[[Stage], Awaitable[str]]] = {
    "watchers": idle_watchers,
    "push": pushed,
    "reads": reads,
    "writes": writes,
    "live": looks_now,
    "before": beside_before,
    "fair": fair,
}
"""In this order, with one server."""

ALONE: Mapping[str, Callable[[], str]] = {
    "fresh": fresh,
    "flood": flood,
    "halves": half_open,
    "events": cost_table,
    "caldav": lambda: f"{caldav_table()}\n\n{account_table()}",
    "polls": polls,
}
"""Afterwards, each with what it starts by itself."""
