"""Callers that watch the feed of changes, and go on with their last cursor after an interruption."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc
import grpc.aio

from calendarsync.v1.change_service_pb2 import Change, ChangeType, WatchChangesRequest, WatchChangesResponse
from tests.support.calls import Calls

PATIENCE = 15.0
"""Seconds within which something must come."""
MOST_INTERRUPTIONS = 100


@dataclass(slots=True, kw_only=True)
class Watch:
    """One stream. `cursor` is that of the last element, `seen` all changes so far."""

    call: grpc.aio.UnaryStreamCall[WatchChangesRequest, WatchChangesResponse]
    cursor: str = ""
    seen: list[Change] = field(default_factory=list)

    async def element(self) -> WatchChangesResponse:
        """The next one. Raises what the stream ends with."""
        async with asyncio.timeout(PATIENCE):
            element = await self.call.read()
        assert isinstance(element, WatchChangesResponse), "the stream ended without an error"
        self.cursor = element.cursor
        if element.HasField("change"):
            self.seen.append(element.change)
        return element

    async def until(self, kind: str, **about: str) -> Change:
        """The next change of this kind, such as `SESSION_WRITTEN`, that is about these things."""
        while True:
            change = (await self.element()).change
            told = {name: getattr(change, name) for name in about}
            if kind_of(change) == kind and told == about:
                return change


def kind_of(change: Change) -> str:
    return ChangeType.Name(change.type).removeprefix("CHANGE_TYPE_")


@asynccontextmanager
async def watching(calls: Calls, expert_id: str = "", *, cursor: str = "") -> AsyncIterator[Watch]:
    """A watch that has its first cursor: what changes from now on comes."""
    watch = Watch(call=calls.watch(expert_id, cursor=cursor))
    try:
        if not cursor:
            first = await watch.element()
            assert not first.HasField("change")
        yield watch
    finally:
        watch.call.cancel()


async def follow(
    calls: Calls, cursor: str, *, to: Callable[[Change], bool], expert_id: str = ""
) -> tuple[list[Change], int]:
    """The changes from after a cursor to one that fits, and how often a new stream had to be opened on the way."""
    found: list[Change] = []
    for interruptions in range(MOST_INTERRUPTIONS):
        async with watching(calls, expert_id, cursor=cursor) as watch:
            try:
                while not (watch.seen and to(watch.seen[-1])):
                    await watch.element()
                return found + watch.seen, interruptions
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
            found += watch.seen
            cursor = watch.cursor or cursor
    raise AssertionError("it never came")
