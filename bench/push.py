"""From a change in a calendar to an answer that knows of it, told by Microsoft's notification."""

import asyncio
import statistics
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bench.calendars import connect
from bench.client import Client
from bench.live import bare_reading
from bench.people import FIRST_DAY, PUSHED, stretch
from bench.surroundings import Surroundings
from calendarsync.v1.availability_service_pb2 import TIME_VERDICT_BUSY, TIME_VERDICT_FREE, CheckTimesRequest
from calendarsync.v1.availability_service_pb2_grpc import AvailabilityServiceStub
from server.demo.narrator import until
from server.demo.world import World

PERSON = "anna"
CHANGES = 20
LENGTH = timedelta(minutes=30)
FIRST_CHANGE = FIRST_DAY + timedelta(days=40, hours=3)
ASKED_EVERY = 0.005
WITHIN = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Milliseconds, medians: `whole` from the order to the sandbox on, `sandbox` what one reading takes it alone."""

    whole: float
    longest: float
    sandbox: float

    def lines(self) -> list[tuple[str, str]]:
        return [
            (f"event entered → answer changed, by push, median of {CHANGES}", f"{self.whole:.0f} ms"),
            ("the same without the sandbox's answer", f"{self.whole - self.sandbox:.0f} ms"),
            ("the longest of them, sandbox included", f"{self.longest:.0f} ms"),
        ]


async def push(client: Client, where: Surroundings, world: World) -> Push:
    """Needs a process that takes notifications and runs jobs; the questions go to another."""
    stub = AvailabilityServiceStub(client.service)
    await connect(client, world, PUSHED, PERSON)
    await until(lambda: world.ask("GET", "/subscriptions"), bool, told="the calendar is subscribed to")
    took, alone = [], []
    async with bare_reading(where, world, PERSON, ["primary"]) as fetch:
        for number in range(CHANGES):
            took.append(await _heard(stub, world, FIRST_CHANGE + timedelta(days=number)))
            alone.append(await _timed(fetch()))
    return Push(
        whole=statistics.median(took) * 1000,
        longest=max(took) * 1000,
        sandbox=statistics.median(alone) * 1000,
    )


async def _heard(stub: AvailabilityServiceStub, world: World, start: datetime) -> float:
    """Seconds until a time that was free is busy, asked for again and again."""
    question = CheckTimesRequest(expert_id=PUSHED, candidates=[stretch(start, LENGTH)])

    async def verdict() -> int:
        return (await stub.CheckTimes(question)).times[0].verdict

    await until(verdict, lambda one: one == TIME_VERDICT_FREE, told="the time is free before")
    started = time.perf_counter()
    await world.ask(
        "POST",
        f"/people/{PERSON}/calendars/primary/events",
        start=f"{start:%Y-%m-%dT%H:%M}",
        end=f"{start + LENGTH:%Y-%m-%dT%H:%M}",
        zone="UTC",
    )
    while await verdict() != TIME_VERDICT_BUSY:
        assert time.perf_counter() < started + WITHIN, "the notification was lost"
        await asyncio.sleep(ASKED_EVERY)
    return time.perf_counter() - started


async def _timed(fetch: Awaitable[object]) -> float:
    started = time.perf_counter()
    await fetch
    return time.perf_counter() - started
