"""Knows the calls that are under way, so that a server that stops waits for answers, and for nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType

from server.rpc.faults import ServiceStopping


class Unanswered:
    """Counts the blocks in which calls are answered."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    def __enter__(self) -> None:
        self._count += 1
        self._none.clear()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._count -= 1
        if not self._count:
            self._none.set()

    async def none(self) -> None:
        """Returns when there is none."""
        await self._none.wait()


class OpenCalls:
    """Of one server. `unanswered` is the block around each call but streams.

    Streams would never end by themselves, so they are ended.
    """

    def __init__(self) -> None:
        self.unanswered = Unanswered()
        self._streams: set[asyncio.Timeout] = set()
        self._ended = False

    @property
    def streams(self) -> int:
        """How many are open."""
        return len(self._streams)

    def end_streams(self) -> None:
        """Each fails with ServiceStopping, and so does one that is opened from now on."""
        self._ended = True
        now = asyncio.get_running_loop().time()
        for one in self._streams:
            one.reschedule(now)

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[None]:
        """The block around a stream."""
        if self._ended:
            raise ServiceStopping
        until_ended = asyncio.timeout(None)
        try:
            async with until_ended:
                self._streams.add(until_ended)
                yield
        except TimeoutError:
            if until_ended.expired():
                raise ServiceStopping from None
            raise
        finally:
            self._streams.discard(until_ended)
