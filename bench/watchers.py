"""What a thousand idle watchers of the feed of changes take of the server's memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc.aio

from bench.client import Client
from bench.people import BOOKERS
from calendarsync.v1.change_service_pb2 import WatchChangesRequest
from calendarsync.v1.change_service_pb2_grpc import ChangeServiceStub

SHARING, APART = 1000, 200
OPENED_AT_ONCE = 20
"""Few: the transport refuses calls once about a thousand wait to be taken."""
OWN_CONNECTION = (("grpc.use_local_subchannel_pool", 1),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchers:
    """Bytes of the server's memory a watcher."""

    own_connection: float
    shared_connection: float

    def lines(self) -> list[tuple[str, str]]:
        return [
            (f"an idle watcher, {SHARING:,} on one connection", f"{self.shared_connection / 1000:.0f} kB"),
            (f"an idle watcher, {APART} with their own connections", f"{self.own_connection / 1000:.0f} kB"),
        ]


async def watchers(client: Client, service: str) -> Watchers:
    """Both kinds stay open together, so that neither gets memory the other has given back."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_watching([client.service]))
        before = await client.memory()
        channels = [
            await stack.enter_async_context(grpc.aio.insecure_channel(service, options=OWN_CONNECTION))
            for _ in range(APART)
        ]
        await stack.enter_async_context(_watching(channels))
        apart = await client.memory()
        await stack.enter_async_context(_watching([client.service] * SHARING))
        together = await client.memory()
    return Watchers(own_connection=(apart - before) / APART, shared_connection=(together - apart) / SHARING)


@asynccontextmanager
async def _watching(channels: Sequence[grpc.aio.Channel]) -> AsyncIterator[None]:
    """A watcher on each channel, of many experts by turns, that has its first message and then waits."""
    places = asyncio.Semaphore(OPENED_AT_ONCE)

    async def watch(number: int, channel: grpc.aio.Channel) -> Any:
        async with places:
            request = WatchChangesRequest(expert_id=BOOKERS[number % len(BOOKERS)])
            stream: Any = ChangeServiceStub(channel).WatchChanges(request)
            assert (await stream.read()).cursor
            return stream

    streams = await asyncio.gather(*(watch(number, channel) for number, channel in enumerate(channels)))
    try:
        yield
    finally:
        for stream in streams:
            stream.cancel()
