"""The streams of one server: how many there may be, how many begin at once, and how all of them end."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from application.callers.known_callers import CredentialsInvalid
from server.rpc.faults import ServiceStopping, StreamTooOld, TooManyStreams

MOST_STREAMS: Final = 5_000
"""Each takes some 30 kB for as long as it is open, and some 50 kB on a connection of its own."""
BEGINNING_AT_ONCE: Final = 4
"""Up to its first message a stream asks the database, by connections that all other calls need, too."""
LONGEST_QUEUE_SECONDS: Final = 20.0
"""For a turn to begin. When the database is away, beginning takes long, and thousands may be waiting for it."""
EARLIEST_RETRY, LATEST_RETRY = timedelta(seconds=5), timedelta(seconds=30)
"""Whoever is refused comes back somewhere between, and not with all the others."""
LATEST_RESUMPTION: Final = timedelta(seconds=1)
SHORTEST_PART: Final = 0.8
"""Of the longest life of a stream: so long at least each has."""


class _Stream:
    """One that is open; `ends_with` makes the reason for which it ends, should it not end by itself."""

    __slots__ = ("credential_id", "ends_with", "until")

    def __init__(self, credential_id: str, lifetime_seconds: float | None) -> None:
        self.credential_id = credential_id
        self.ends_with: Callable[[], Exception] = _too_old
        ends = None if lifetime_seconds is None else asyncio.get_running_loop().time() + lifetime_seconds
        self.until = asyncio.timeout_at(ends)

    def end(self, reason: Callable[[], Exception]) -> None:
        """A repeat does nothing: those who are still ending can't be told twice."""
        if not self.until.expired() and self.ends_with is _too_old:
            self.ends_with = reason
            self.until.reschedule(asyncio.get_running_loop().time())


class OpenStreams:
    """Streams would never end by themselves, so they are ended."""

    def __init__(self, *, most: int = MOST_STREAMS, longest: timedelta | None = None) -> None:
        self._most = most
        self._longest = longest
        self._open: set[_Stream] = set()
        self._beginning = asyncio.Semaphore(BEGINNING_AT_ONCE)
        self._ended = False

    def __len__(self) -> int:
        return len(self._open)

    def end(self) -> None:
        """Each fails with ServiceStopping, and so does one that is opened from now on."""
        self._ended = True
        for one in self._open:
            one.end(ServiceStopping)

    def end_those_of(self, credential_ids: Collection[str]) -> None:
        """They fail with CredentialsInvalid, since by these credentials nobody could open one any more."""
        for one in self._open:
            if one.credential_id in credential_ids:
                one.end(CredentialsInvalid)

    @asynccontextmanager
    async def one_more(self, credential_id: str = "") -> AsyncIterator[None]:
        """The block around a stream. Raises TooManyStreams when as many are open as may be."""
        if self._ended:
            raise ServiceStopping
        if len(self._open) >= self._most:
            raise too_many()
        stream = _Stream(credential_id, self._lifetime_seconds())
        try:
            async with stream.until:
                self._open.add(stream)
                yield
        except TimeoutError:
            if stream.until.expired():
                raise stream.ends_with() from None
            raise
        finally:
            self._open.discard(stream)

    def _lifetime_seconds(self) -> float | None:
        """Not the same for all, since those that end together come back together."""
        if self._longest is None:
            return None
        return self._longest.total_seconds() * random.uniform(SHORTEST_PART, 1)  # noqa: S311 - spreads only

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


def _too_old() -> StreamTooOld:
    return StreamTooOld(retry_after=random.uniform(0, 1) * LATEST_RESUMPTION)  # noqa: S311 - spreads only


def too_many() -> TooManyStreams:
    return TooManyStreams(
        retry_after=random.uniform(0, 1) * (LATEST_RETRY - EARLIEST_RETRY) + EARLIEST_RETRY  # noqa: S311 - spreads only
    )
