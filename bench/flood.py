"""What calls become while forged notifications flood the process that answers them."""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from typing import NamedTuple

import grpc.aio

from bench.availability import LIST_BUSY_TIMES, busy_request
from bench.client import Client
from bench.people import BOOKED, book_everything, put_everybody
from bench.sampling import Sample, drive
from bench.surroundings import Served, server, surroundings
from bench.table import markdown
from server.runtime.settings import PREFIX, Role

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
FROM_ONE_ADDRESS: Mapping[str, str] = {PREFIX + "HTTP_CONNECTIONS_PER_ADDRESS": "1000"}
"""As many connections may come from one as a flood from many would have."""
IN_FLIGHT = 16
HEAD = (
    "flood",
    "calls/s without",
    "calls/s with",
    "ratio",
    "lowest-highest",
    "by µs",
    "deliveries/s answered",
    "statuses",
)


def flood() -> str:
    """With processes of its own."""
    with surroundings() as where, server(Role.ALL, {**where.environment, **FROM_ONE_ADDRESS}) as served:
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
        sample = client.sampler(call, in_flight=IN_FLIGHT)
        return [await _line(name, sample, served, kind) for name, kind in FLOODS.items()]


async def _line(
    name: str, sample: Callable[[float], Awaitable[Sample]], served: Served, kind: Flood
) -> tuple[str, ...]:
    """Calm and flood by turns, so that what else the machine does falls on both.

    The flood's own processor time is in that of the calls meanwhile, so that "by µs" is the part of it they have.
    """
    assert served.http_port is not None
    calm, flooded, answers = list[Sample](), list[Sample](), dict[str, int]()
    flooding = 0.0
    for _ in range(ROUNDS):
        calm.append(await sample(SECONDS))
        with _forger(served.http_port, kind, answers):
            began = time.perf_counter()
            await asyncio.sleep(SETTLING_SECONDS)
            flooded.append(await sample(SECONDS))
            flooding += time.perf_counter() - began
    ratios = [one.rate / other.rate for one, other in zip(flooded, calm, strict=True)]
    by_us = [_us(other) / _us(one) for one, other in zip(flooded, calm, strict=True)]
    return (
        name,
        f"{statistics.median(one.rate for one in calm):,.0f}",
        f"{statistics.median(one.rate for one in flooded):,.0f}",
        f"{statistics.median(ratios):.2f}",
        f"{min(ratios):.2f}-{max(ratios):.2f}",
        f"{statistics.median(by_us):.2f}",
        f"{sum(answers.values()) / flooding:,.0f}",
        ", ".join(f"{status}: {number:,}" for status, number in sorted(answers.items())),
    )


def _us(sample: Sample) -> float:
    assert sample.served_us is not None
    return sample.served_us


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
