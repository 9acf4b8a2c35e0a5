"""The streams of one server: how many there may be, how many begin at once, and how all of them end."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from server.rpc.faults import ServiceStopping, TooManyStreams

MOST_STREAMS: Final = 5_000
"""Each takes some 30 kB for as long as it is open, and some 50 kB on a connection of its own."""
BEGINNING_AT_ONCE: Final = 4
"""Up to its first message a stream asks the database, by connections that all other calls need, too."""
LONGEST_QUEUE_SECONDS: Final = 20.0
"""For a turn to begin. When the database is away, beginning takes long, and thousands may be waiting for it."""
EARLIEST_RETRY, LATEST_RETRY = timedelta(seconds=5), timedelta(seconds=30)
"""Whoever is refused comes back somewhere between, and not with all the others."""


class OpenStreams:
    """Streams would never end by themselves, so they are ended."""

    def __init__(self, *, most: int = MOST_STREAMS) -> None:
        self._most = most
        self._open: set[asyncio.Timeout] = set()
        self._beginning = asyncio.Semaphore(BEGINNING_AT_ONCE)
        self._ended = False

    def __len__(self) -> int:
        return len(self._open)

    def end(self) -> None:
        """Each fails with ServiceStopping, and so does one that is opened from now on. A repeat does nothing."""
        if self._ended:
            return  # those who are still ending can't be told twice
        self._ended = True
        now = asyncio.get_running_loop().time()
        for one in self._open:
            one.reschedule(now)

    @asynccontextmanager
    async def one_more(self) -> AsyncIterator[None]:
        """The block around a stream. Raises TooManyStreams when as many are open as may be."""
        if self._ended:
            raise ServiceStopping
        if len(self._open) >= self._most:
            raise too_many()
        until_ended = asyncio.timeout(None)
        try:
            async with until_ended:
                self._open.add(until_ended)
                yield
        except TimeoutError:
            if until_ended.expired():
                raise ServiceStopping from None
            raise
        finally:
            self._open.discard(until_ended)

    @asynccontextmanager
    async def beginning(self) -> AsyncIterator[None]:
        """The block up to a stream's first message. Raises TooManyStreams when it is nobody's turn for too long."""
        try:
            async with asyncio.timeout(LONGEST_QUEUE_SECONDS):
                await self._beginning.acquire()
        except TimeoutError:
            raise too_many() from None
        try:
            yield
        finally:
            self._beginning.release()


def too_many() -> TooManyStreams:
    return TooManyStreams(
        retry_after=random.uniform(0, 1) * (LATEST_RETRY - EARLIEST_RETRY) + EARLIEST_RETRY  # noqa: S311 - spreads only
    )
