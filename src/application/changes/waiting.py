"""Those who wait for a change of one expert or of any: shared by whoever follows a feed."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from domain.ids import ExpertId


class Waiting:
    """Under None wait those who follow all experts."""

    def __init__(self) -> None:
        self._woken: dict[ExpertId | None, set[asyncio.Event]] = {}

    def __len__(self) -> int:
        """For how many experts somebody waits; all of them count as one more."""
        return len(self._woken)

    async def wait(self, of: ExpertId | None, *, at_most: timedelta) -> None:
        """Until woken, or the time is over."""
        woken = asyncio.Event()
        self._woken.setdefault(of, set()).add(woken)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(at_most.total_seconds()):
                    await woken.wait()
        finally:
            self._woken[of].discard(woken)
            if not self._woken[of]:
                del self._woken[of]

    def wake(self, whom: Iterable[ExpertId | None]) -> None:
        for one in whom:
            for woken in self._woken.get(one, ()):
                woken.set()

    def wake_all(self) -> None:
        self.wake(list(self._woken))
