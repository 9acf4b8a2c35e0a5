"""A time by which something must have happened on a connection."""

import asyncio
from collections.abc import Callable
from datetime import timedelta


class Deadline:
    """Calls `over` when it has passed. Setting it anew costs no timer as long as it only moves on."""

    __slots__ = ("_at", "_loop", "_over", "_timer")

    def __init__(self, over: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = over
        self._at: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def set(self, within: timedelta) -> None:
        self._at = self._loop.time() + within.total_seconds()
        if self._timer is not None and self._timer.when() > self._at:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(self._at, self._look)

    def lift(self) -> None:
        self._at = None

    def close(self) -> None:
        self._at = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._at is None:
            return
        if self._loop.time() < self._at:
            self._timer = self._loop.call_at(self._at, self._look)
        else:
            self._at = None
            self._over()
