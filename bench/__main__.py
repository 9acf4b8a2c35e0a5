"""`python -m bench`: everything in one run, on this machine, within two minutes."""

import asyncio
import os
import platform
import sys
from contextlib import AsyncExitStack

import aiohttp
import grpc.aio

from bench import availability, live, sessions
from bench.calendars import connect_team
from bench.client import Client
from bench.events import cost_table
from bench.figures import Figures, figures_table
from bench.people import book_everything, put_everybody
from bench.push import push
from bench.sampling import Measured, take_rounds
from bench.statements import reading, writing
from bench.surroundings import Surroundings, server, surroundings
from bench.table import table
from bench.watchers import watchers
from server.demo.world import World
from server.runtime.settings import Role
from server.time_zones import use_packaged_zones

ROUNDS = 5
SECONDS = 0.8


def main() -> None:
    use_packaged_zones()
    others = os.getloadavg()[0]
    with surroundings() as where:
        figures, measured = asyncio.run(_measure(where))
    _print(
        f"Python {platform.python_version()}, grpcio {grpc.__version__}, {os.cpu_count()} processors shared by all, "
        f"load {others:.1f} before the run"
    )
    _print(table(measured))
    _print(figures_table(figures))
    _print(cost_table())


async def _measure(where: Surroundings) -> tuple[Figures, list[Measured]]:
    async with AsyncExitStack() as stack:
        client = Client(
            service=await stack.enter_async_context(grpc.aio.insecure_channel(where.server.service)),
            bare=await stack.enter_async_context(grpc.aio.insecure_channel(where.server.bare)),
        )
        http = await stack.enter_async_context(aiohttp.ClientSession())
        world = World(http=http, control_url=where.sandbox["control_url"])
        await put_everybody(client.service)
        watching = await watchers(client, where.server.service)
        # Its jobs would disturb everything else, and be busy with everything else's: it runs for this alone.
        with server(Role.ALL, where.environment):
            pushed = await push(client, where, world)
        await book_everything(client.service)
        await connect_team(client, world)
        await availability.require_as_told(client)
        figures = Figures(
            watchers=watching,
            push=pushed,
            graph_requests_a_check=await live.graph_requests_a_check(client, world),
        )
        rows = [
            *availability.rows(client, await stack.enter_async_context(reading(where.dsn))),
            *sessions.rows(client, stack.enter_context(writing(where.dsn))),
            *live.rows(client, await stack.enter_async_context(live.bare_reading(where, world))),
        ]
        return figures, await take_rounds(rows, rounds=ROUNDS, seconds=SECONDS)


def _print(text: str) -> None:
    sys.stdout.write(text + "\n\n")


if __name__ == "__main__":
    main()
