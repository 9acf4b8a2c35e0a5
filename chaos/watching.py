"""Watchers of the whole feed, who resume by cursor wherever somebody listens."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Final, TypeAlias

import grpc.aio

from calendarsync.v1.change_service_pb2 import Change, ChangeType, WatchChangesResponse
from server.rpc.mapping.times import instant
from tests.support.calls import Calls

SILENCE_SECONDS: Final = 35.0
"""Heartbeats come more often: a stream as silent as this is dead."""
Seen: TypeAlias = tuple[object, ...]


@dataclass(slots=True, kw_only=True)
class Watcher:
    """`seen` are all changes since it began, as plain values; `resumed` counts its new streams."""

    callers: Callable[[], Sequence[Calls]]
    random: Random
    cursor: str = ""
    seen: list[Seen] = field(default_factory=list)
    resumed: int = 0
    refusals: list[str] = field(default_factory=list)

    async def begin(self) -> None:
        """Have a cursor."""
        self.cursor = (await self.callers()[0].list_changes()).cursor

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._follow(self.random.choice(self.callers()))
            except (grpc.aio.AioRpcError, TimeoutError) as end:
                if isinstance(end, grpc.aio.AioRpcError) and end.code() in _FINAL:
                    self.refusals.append(end.code().name)
            self.resumed += 1
            await asyncio.sleep(self.random.uniform(0.05, 0.3))

    async def _follow(self, calls: Calls) -> None:
        call = calls.watch(cursor=self.cursor)
        try:
            while True:
                async with asyncio.timeout(SILENCE_SECONDS):
                    element = await call.read()
                if not isinstance(element, WatchChangesResponse):
                    return
                if element.HasField("change"):
                    self.seen.append(plain(element.change))
                self.cursor = element.cursor
        finally:
            with suppress(Exception):
                call.cancel()


_FINAL: Final = frozenset(
    {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.OUT_OF_RANGE, grpc.StatusCode.NOT_FOUND}
)


def plain(change: Change) -> Seen:
    """All that a change tells, in the order of the table's columns."""
    return (
        change.expert_id,
        ChangeType.Name(change.type).removeprefix("CHANGE_TYPE_"),
        instant(change.time),
        change.account_id,
        change.calendar_id,
        change.session_id,
        change.hold_id,
        change.incident_id,
    )
