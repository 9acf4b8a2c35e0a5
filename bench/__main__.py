"""`python -m bench`: everything in one run, on this machine, within a minute and a half."""

import asyncio
import os
import platform
import sys
from contextlib import AsyncExitStack

import aiohttp
import grpc.aio

from bench import availability, live, sessions
from bench.client import Client
from bench.events import cost_table
from bench.people import put_everybody
from bench.sampling import Measured, take_rounds
from bench.statements import reading, writing
from bench.surroundings import Surroundings, surroundings
from bench.table import table
from server.demo.world import World

ROUNDS = 5
SECONDS = 0.8


def main() -> None:
    others = os.getloadavg()[0]
    with surroundings() as where:
        measured = asyncio.run(_measure(where))
    _print(
        f"Python {platform.python_version()}, grpcio {grpc.__version__}, {os.cpu_count()} processors shared by all, "
        f"load {others:.1f} before the run"
    )
    _print(table(measured))
    _print("From JSON to busy time:")
    _print(cost_table())


async def _measure(where: Surroundings) -> list[Measured]:
    async with AsyncExitStack() as stack:
        client = Client(
            service=await stack.enter_async_context(grpc.aio.insecure_channel(where.service)),
            bare=await stack.enter_async_context(grpc.aio.insecure_channel(where.bare)),
        )
        http = await stack.enter_async_context(aiohttp.ClientSession())
        world = World(http=http, control_url=where.sandbox["control_url"])
        await put_everybody(client.service)
        await availability.require_as_told(client)
        await live.connect(client, world)
        rows = [
            *availability.rows(client, await stack.enter_async_context(reading(where.dsn))),
            *sessions.rows(client, stack.enter_context(writing(where.dsn))),
            *live.rows(client, await stack.enter_async_context(live.bare_reading(where, world))),
        ]
        return await take_rounds(rows, rounds=ROUNDS, seconds=SECONDS)


def _print(text: str) -> None:
    sys.stdout.write(text + "\n\n")


if __name__ == "__main__":
    main()
