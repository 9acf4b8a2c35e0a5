"""How late the event loop comes to what is due: nothing else tells as early that a process has too much to do."""

import asyncio
from typing import Final

from prometheus_client import CollectorRegistry, Histogram

EVERY_SECONDS: Final = 0.25
LAG_SECONDS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class LoopLag:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "calendarsync_loop_lag_seconds",
            f"How late the event loop woke what waited for {EVERY_SECONDS} seconds.",
            buckets=LAG_SECONDS,
            registry=registry,
        )

    async def follow(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + EVERY_SECONDS
            await asyncio.sleep(EVERY_SECONDS)
            self._seconds.observe(max(loop.time() - due, 0))
