"""What becomes of everybody else while very many sockets hold half a request each, in a process of role `all`."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp
import grpc.aio
from google.protobuf.duration_pb2 import Duration

from bench.availability import busy_request
from bench.calendars import connect
from bench.children import child
from bench.client import Client
from bench.people import PUSHED, put_everybody
from bench.surroundings import Served, Surroundings, server, surroundings
from bench.table import markdown
from calendarsync.v1.availability_service_pb2_grpc import AvailabilityServiceStub
from calendarsync.v1.expert_service_pb2 import GetExpertRequest
from calendarsync.v1.expert_service_pb2_grpc import ExpertServiceStub
from domain.account import Provider
from server.demo.world import World
from server.http.links import ALIVE_PATH, notifications_path
from server.runtime.settings import Role

PERSON: Final = "anna"
SECONDS: Final = 15.0
PAUSE_SECONDS: Final = 0.2
PATIENCE_SECONDS: Final = 3.0
FILES: Final = 1024
"""What a process may open on many systems unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class Halves:
    """So many sockets from so many addresses."""

    sockets: int
    addresses: int = 1


ATTACKS: Final = (Halves(0), Halves(1_100), Halves(3_000), Halves(3_000, addresses=60))
HEAD: Final = (
    "sockets",
    "addresses",
    "files",
    "new channel",
    "live read",
    "health",
    "delivery",
    "log lines/min",
    "which",
)


@dataclass(slots=True)
class Tries:
    """How often something was tried, and how long it took when it was done; milliseconds."""

    tried: int = 0
    took: list[float] | None = None

    async def one(self, work: Callable[[], Awaitable[object]]) -> None:
        self.took = self.took or []
        self.tried += 1
        began = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await work()
        except (TimeoutError, OSError, grpc.aio.AioRpcError, aiohttp.ClientError, AssertionError):
            return
        self.took.append((time.perf_counter() - began) * 1000)

    def __str__(self) -> str:
        took = sorted(self.took or [])
        if not took:
            return f"0 of {self.tried}"
        return f"{len(took)} of {self.tried}, {took[len(took) // 2]:.0f} ms, longest {took[-1]:.0f}"


def half_open() -> str:
    """With processes of its own, one for each attack."""
    lines: list[tuple[str, ...]] = [HEAD]
    with surroundings() as where:
        for attack in ATTACKS:
            with server(Role.ALL, where.environment, files=FILES) as served:
                lines.append(asyncio.run(_measure(where, served, attack)))
    return markdown(lines)


async def _measure(where: Surroundings, served: Served, attack: Halves) -> tuple[str, ...]:
    assert served.http_port is not None
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(grpc.aio.insecure_channel(served.service))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        await put_everybody(service)
        await connect(
            Client(service=service, bare=service),
            World(http=http, control_url=where.sandbox["control_url"]),
            PUSHED,
            PERSON,
        )
        before = served.log().count("\n")
        with _attacking(served.http_port, attack):
            began = time.perf_counter()
            tries = await _try_all(served, service)
            log = served.log().split("\n")[before:-1]
            minutes = (time.perf_counter() - began) / 60
    return (
        f"{attack.sockets:,}",
        str(attack.addresses),
        f"{FILES:,}",
        *map(str, tries),
        *_lines(log, minutes),
    )


async def _try_all(served: Served, service: grpc.aio.Channel) -> list[Tries]:
    channels, reads, health, deliveries = (Tries() for _ in range(4))
    base = f"http://127.0.0.1:{served.http_port}"
    until = time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        await channels.one(lambda: _by_new_channel(served.service))
        await reads.one(lambda: _look_now(service))
        await health.one(lambda: _get(base + ALIVE_PATH))
        await deliveries.one(lambda: _deliver(base + notifications_path(Provider.MICROSOFT)))
        await asyncio.sleep(PAUSE_SECONDS)
    return [channels, reads, health, deliveries]


async def _by_new_channel(address: str) -> None:
    # Otherwise channels of one process to one address share a connection.
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        await ExpertServiceStub(channel).GetExpert(
            GetExpertRequest(expert_id=PUSHED), timeout=PATIENCE_SECONDS
        )


async def _look_now(service: grpc.aio.Channel) -> None:
    asked = busy_request(PUSHED)
    asked.max_age.CopyFrom(Duration())
    busy = await AvailabilityServiceStub(service).ListBusyTimes(asked, timeout=PATIENCE_SECONDS)
    assert busy.complete


async def _get(url: str) -> None:
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        answer.raise_for_status()


async def _deliver(url: str) -> None:
    async with aiohttp.ClientSession() as http, http.post(url, json={"value": []}) as answer:
        answer.raise_for_status()


def _lines(log: list[str], minutes: float) -> tuple[str, str]:
    """Without those of calls and requests that were answered: all a minute, and the three that came most."""
    other = [one for one in log if '"event": "call"' not in one and '"status": 2' not in one]
    kinds: dict[str, int] = {}
    for one in other:
        kind = one.split('"event": "', 1)[-1].split('"', 1)[0][:40]
        kinds[kind] = kinds.get(kind, 0) + 1
    most = sorted(kinds.items(), key=lambda one: -one[1])[:3]
    return f"{len(other) / minutes:,.0f}", ", ".join(f"{kind} ({number:,})" for kind, number in most)


@contextmanager
def _attacking(port: int, attack: Halves) -> Iterator[None]:
    if not attack.sockets:
        yield
        return
    command = [sys.executable, "-m", "bench.halves", *map(str, (port, attack.sockets, attack.addresses))]
    with child(command):
        yield
