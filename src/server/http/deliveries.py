"""Deliveries of notifications on their way to the database: few at a time, each within its time limit."""

import asyncio
from collections.abc import Collection
from datetime import timedelta
from typing import Final

from application.notifications.take_notifications import Notification, TakeNotifications
from server.tasks import cut_off

AT_ONCE: Final = 4
"""Whoever sends forged ones by the thousand takes no more of the database than this from everybody else."""


class Deliveries:
    """A task each. A cancelled one keeps its place until it is over: psycopg goes on for seconds, in which it tries to
    have a database that keeps silent cancel the query."""

    def __init__(self, take_notifications: TakeNotifications) -> None:
        self._take_notifications = take_notifications
        self._places = asyncio.Semaphore(AT_ONCE)
        self._under_way: set[asyncio.Task[int]] = set()
        self._given_up: set[asyncio.Task[int]] = set()

    async def take(self, delivery: Collection[Notification], *, within: timedelta) -> int:
        """What TakeNotifications returns or raises.

        Raises TimeoutError when that takes too long, and at once while all places are held by such as took too long.
        """
        if len(self._given_up) >= AT_ONCE:
            raise TimeoutError
        task = asyncio.create_task(self._in_turn(delivery), name="delivery")
        self._under_way.add(task)
        task.add_done_callback(self._over)
        try:
            await asyncio.wait([task], timeout=within.total_seconds())
        finally:
            if not task.done():
                self._given_up.add(task)
                task.cancel()
        if not task.done():
            raise TimeoutError
        return task.result()

    async def close(self) -> None:
        """Cut off what is under way."""
        await cut_off(self._under_way)

    async def _in_turn(self, delivery: Collection[Notification]) -> int:
        async with self._places:
            return await self._take_notifications(delivery)

    def _over(self, task: asyncio.Task[int]) -> None:
        self._under_way.discard(task)
        self._given_up.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that a failure nobody waits for any more is not reported as forgotten
