"""What calls become while forged notifications flood the process that answers them."""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from typing import NamedTuple

import grpc.aio

from bench.availability import LIST_BUSY_TIMES, busy_request
from bench.client import Client
from bench.people import BOOKED, book_everything, put_everybody
from bench.sampling import Call, drive
from bench.surroundings import Served, server, surroundings
from bench.table import markdown
from server.runtime.settings import Role

ROUNDS = 3
SECONDS = 0.8
SETTLING_SECONDS = 0.4


class Flood(NamedTuple):
    """As `bench.forger` takes it."""

    connections: int
    items: int = 1
    keeps: str = "kept"


FLOODS: Mapping[str, Flood] = {
    "64 connections": Flood(64),
    "64 connections, 100 notifications a delivery": Flood(64, items=100),
    "512 connections": Flood(512),
    "512 lanes, each delivery on a connection of its own": Flood(512, keeps="anew"),
}
IN_FLIGHT = 16
HEAD = (
    "flood",
    "calls/s without",
    "calls/s with",
    "ratio",
    "lowest-highest",
    "deliveries/s answered",
    "statuses",
)


def flood() -> str:
    """With processes of its own."""
    with surroundings() as where, server(Role.ALL, where.environment) as served:
        return markdown([HEAD, *asyncio.run(_measure(served))])


async def _measure(served: Served) -> list[tuple[str, ...]]:
    async with AsyncExitStack() as stack:
        client = Client(
            service=await stack.enter_async_context(grpc.aio.insecure_channel(served.service)),
            bare=await stack.enter_async_context(grpc.aio.insecure_channel(served.bare)),
        )
        await put_everybody(client.service)
        await book_everything(client.service)
        call = client.calling(client.service, LIST_BUSY_TIMES, busy_request(BOOKED))
        await drive(call, in_flight=IN_FLIGHT, seconds=SECONDS)
        return [await _line(name, call, served, kind) for name, kind in FLOODS.items()]


async def _line(name: str, call: Call, served: Served, kind: Flood) -> tuple[str, ...]:
    """Calm and flood by turns, so that what else the machine does falls on both."""
    assert served.http_port is not None
    calm, flooded, answers = [], [], dict[str, int]()
    flooding = 0.0
    for _ in range(ROUNDS):
        calm.append((await drive(call, in_flight=IN_FLIGHT, seconds=SECONDS)).rate)
        with _forger(served.http_port, kind, answers):
            began = time.perf_counter()
            await asyncio.sleep(SETTLING_SECONDS)
            flooded.append((await drive(call, in_flight=IN_FLIGHT, seconds=SECONDS)).rate)
            flooding += time.perf_counter() - began
    ratios = [one / other for one, other in zip(flooded, calm, strict=True)]
    return (
        name,
        f"{statistics.median(calm):,.0f}",
        f"{statistics.median(flooded):,.0f}",
        f"{statistics.median(ratios):.2f}",
        f"{min(ratios):.2f}-{max(ratios):.2f}",
        f"{sum(answers.values()) / flooding:,.0f}",
        ", ".join(f"{status}: {number:,}" for status, number in sorted(answers.items())),
    )


@contextmanager
def _forger(port: int, kind: Flood, answers: dict[str, int]) -> Iterator[None]:
    """In a process of its own; adds to `answers` how many of each status it was given."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.forger", str(port), *map(str, kind)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield
        told, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    for status, number in json.loads(told).items():
        answers[status] = answers.get(status, 0) + number
