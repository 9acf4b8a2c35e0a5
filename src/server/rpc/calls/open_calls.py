"""Knows the calls that are under way: there are not too many, and a server that stops waits for their answers only."""

import asyncio
import random
from datetime import timedelta
from types import TracebackType
from typing import Final

from server.rpc.faults import TooManyCalls

MOST_CALLS: Final = 1_000
EARLIEST_SECONDS, LATEST_SECONDS = 0.2, 2.0
"""Whoever is refused comes back somewhere between."""


class OpenCalls:
    """Counts the blocks in which calls are answered, but for streams. One more than `most` raises TooManyCalls."""

    def __init__(self, *, most: int = MOST_CALLS) -> None:
        self._most = most
        self._unanswered = 0
        self._begun = 0
        self._all_answered = asyncio.Event()
        self._all_answered.set()

    def __enter__(self) -> None:
        if self._unanswered >= self._most:
            pause = random.uniform(EARLIEST_SECONDS, LATEST_SECONDS)  # noqa: S311 - spreads only
            raise TooManyCalls(retry_after=timedelta(seconds=pause))
        self._unanswered += 1
        self._begun += 1
        self._all_answered.clear()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._unanswered -= 1
        if not self._unanswered:
            self._all_answered.set()

    async def all_answered(self) -> None:
        """Returns when no call is under way."""
        await self._all_answered.wait()

    async def callers_gone(self, *, quiet_seconds: float, within_seconds: float) -> None:
        """Returns when no call has begun for `quiet_seconds`, or in any case after `within_seconds`."""
        end = asyncio.get_running_loop().time() + within_seconds
        known = -1
        while known != self._begun and (left := end - asyncio.get_running_loop().time()) > 0:
            known = self._begun
            await asyncio.sleep(min(quiet_seconds, left))
