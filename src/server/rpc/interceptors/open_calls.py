"""Knows the calls that are under way, so that a server that stops waits for answers, and for nothing else."""

import asyncio
from typing import Any

from server.rpc.faults import ServiceStopping
from server.rpc.interceptors.interceptor import Context, Interceptor, Proceed


class OpenCalls(Interceptor):
    """Of one server. Streams would never end by themselves, so they are ended."""

    def __init__(self) -> None:
        self._streams: set[asyncio.Timeout] = set()
        self._ended = False
        self._unanswered = 0
        self._all_answered = asyncio.Event()
        self._all_answered.set()

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

    async def all_answered(self) -> None:
        """Returns when no call but streams is under way."""
        await self._all_answered.wait()

    async def call(self, proceed: Proceed, request: Any, context: Context, method: str) -> Any:
        self._unanswered += 1
        self._all_answered.clear()
        try:
            return await proceed(request, context)
        finally:
            self._unanswered -= 1
            if not self._unanswered:
                self._all_answered.set()

    async def stream(self, proceed: Proceed, request: Any, context: Context, method: str) -> None:
        if self._ended:
            raise ServiceStopping
        until_told = asyncio.timeout(None)
        try:
            async with until_told:
                self._streams.add(until_told)
                await proceed(request, context)
        except TimeoutError:
            if until_told.expired():
                raise ServiceStopping from None
            raise
        finally:
            self._streams.discard(until_told)
