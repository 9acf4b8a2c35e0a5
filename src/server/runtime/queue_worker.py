"""The queue's own worker, mended in two places."""

import asyncio
from typing import Final

from procrastinate.worker import Worker as QueueWorker

RESTART_SECONDS: Final = 1.0


class WatchedQueueWorker(QueueWorker):
    """A worker of the queue that ends when its listener or its heartbeat fails, so that a new one can take its place.

    The queue watches its side tasks until the first of them is done, and the one that queues periodic tasks is done
    at once where there are none (procrastinate 3.10, `Worker._monitor_side_tasks`). From then on it would neither
    listen nor show that it lives, and say nothing of it. Here that task is never done.
    """

    async def _periodic_deferrer(self) -> None:
        await asyncio.Event().wait()

    async def end(self, running: asyncio.Task[None], hurry: asyncio.Event) -> None:
        """Let jobs end; `running` runs this worker. It is told repeatedly, because it forgets what it hears too early.

        Jobs are cut off when `hurry` is set: the queue itself does so only after its grace time.
        """
        hurried = asyncio.create_task(hurry.wait(), name="hurry")
        try:
            while not running.done():
                self.stop()  # type: ignore[no-untyped-call]
                if hurry.is_set():
                    await self._abort_running_jobs()  # type: ignore[no-untyped-call]
                await asyncio.wait(
                    {running} if hurry.is_set() else {running, hurried},
                    timeout=RESTART_SECONDS,
                    return_when=asyncio.FIRST_COMPLETED,
                )
        finally:
            hurried.cancel()
