"""The feed of changes, without an end: where a stream breaks off, it goes on from the last cursor, after a pause."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable, Generator
from datetime import timedelta
from typing import Any, Final

import grpc
import grpc.aio

from calendarsync.v1.change_service_pb2 import WatchChangesRequest, WatchChangesResponse
from calendarsync.v1.change_service_pb2_grpc import ChangeServiceStub
from calendarsync_client.failures import failure_of

PASSING: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,  # what gRPC's core sends when a server is stopped in the middle of it
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
    }
)
"""After these the same cursor is good for another try; any other is an answer: the feed is over, and why."""
SILENCE: Final = timedelta(minutes=1)
"""A heartbeat comes every half minute: after so long without any element the stream is dead."""
STREAM_LASTS: Final = timedelta(hours=1)
FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 30.0


class Pauses:
    """How long to wait: anything up to a second at first, up to twice as long after each break without an element."""

    def __init__(self, chance: Callable[[float, float], float] = random.uniform) -> None:
        self._chance = chance
        self._breaks = 0

    def heard(self) -> None:
        """An element came: the next break is a first one."""
        self._breaks = 0

    def after(self, error: grpc.RpcError | None) -> float:
        """Seconds, and no fewer than the service asks for; `error` is None for a stream that just ended.

        Raises an error that won't pass.
        """
        longest = min(FIRST_PAUSE_SECONDS * 2**self._breaks, LONGEST_PAUSE_SECONDS)
        self._breaks += 1
        wanted = 0.0
        if error is not None:
            failure = failure_of(error)
            if failure.code not in PASSING:
                raise error
            wanted = failure.retry_after.total_seconds() if failure.retry_after else 0.0
        return wanted + self._chance(0, longest)


async def follow(
    channel: grpc.aio.Channel,
    *,
    cursor: str = "",
    expert_id: str = "",
    silence: timedelta = SILENCE,
    pauses: Pauses | None = None,
    sleep: Callable[[float], Any] = asyncio.sleep,
) -> AsyncGenerator[WatchChangesResponse, None]:
    """Yields the changes of one expert or of all after a cursor, or from now on, for as long as there is a feed.

    Keep the `cursor` of each element once you have dealt with it, that of heartbeats, too (those without a `change`),
    and begin with it after a restart. Raises grpc.aio.AioRpcError when the feed is over: `failure_of` says why. After
    CURSOR_EXPIRED drop what you keep, and begin without a cursor; EXPERT_MOVED names the cell to go on in.
    """
    pauses = pauses or Pauses()
    while True:
        request = WatchChangesRequest(cursor=cursor, expert_id=expert_id)
        stream = ChangeServiceStub(channel).WatchChanges(request)
        broke: grpc.RpcError | None = None
        try:
            while (element := await _read(stream, silence)) is not grpc.aio.EOF:
                assert isinstance(element, WatchChangesResponse)
                pauses.heard()
                yield element
                cursor = element.cursor
        except TimeoutError:
            pass
        except grpc.aio.AioRpcError as error:
            broke = error
        finally:
            stream.cancel()
        await sleep(pauses.after(broke))


async def _read(stream: Any, silence: timedelta) -> Any:
    """Raises TimeoutError. Not by `wait_for`, which Python 3.11 lets forget that it was cancelled when an element comes
    at the same moment: a task that follows the feed could not be stopped then."""
    async with asyncio.timeout(silence.total_seconds()):
        return await stream.read()


def follow_blocking(
    channel: grpc.Channel,
    *,
    cursor: str = "",
    expert_id: str = "",
    pauses: Pauses | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Generator[WatchChangesResponse, None, None]:
    """The same for threads. A connection that died in silence is noticed by the channel's keepalive pings."""
    pauses = pauses or Pauses()
    either: Any = channel
    while True:
        request = WatchChangesRequest(cursor=cursor, expert_id=expert_id)
        stream: Any = ChangeServiceStub(either).WatchChanges(request, timeout=STREAM_LASTS.total_seconds())
        broke: grpc.RpcError | None = None
        try:
            for element in stream:
                pauses.heard()
                yield element
                cursor = element.cursor
        except grpc.RpcError as error:
            broke = error
        finally:
            stream.cancel()
        sleep(pauses.after(broke))
