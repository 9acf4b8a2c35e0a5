"""Knows the calls that are under way, so that a server that stops waits for answers, and for nothing else."""

import asyncio
from types import TracebackType


class OpenCalls:
    """Counts the blocks in which calls are answered, but for streams."""

    def __init__(self) -> None:
        self._unanswered = 0
        self._begun = 0
        self._all_answered = asyncio.Event()
        self._all_answered.set()

    def __enter__(self) -> None:
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
