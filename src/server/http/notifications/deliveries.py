"""Deliveries of notifications on their way to the database: few at a time, each within its time limit."""

import asyncio
from collections.abc import Collection
from datetime import timedelta
from typing import Final

from application.notifications.notification import Notification
from application.notifications.sift_notifications import Ours, SiftNotifications
from application.notifications.take_notifications import TakeNotifications
from server.tasks import cut_off

AT_ONCE: Final = 4
"""So many that are ours; forged ones need no place, since they are sifted out before."""


class Deliveries:
    """A task each. A cancelled one keeps its place until it is over: psycopg goes on for seconds, in which it tries to
    have a database that keeps silent cancel the query."""

    def __init__(self, sift: SiftNotifications, take_notifications: TakeNotifications) -> None:
        self._sift = sift
        self._take_notifications = take_notifications
        self._places = asyncio.Semaphore(AT_ONCE)
        self._under_way: set[asyncio.Task[None]] = set()
        self._given_up: set[asyncio.Task[None]] = set()

    async def take(self, delivery: Collection[Notification], *, within: timedelta) -> int:
        """How many of them were ours: those with a known subscription and its secret. The rest changes nothing.

        Raises what the use-cases raise, TimeoutError when that takes too long, and the same at once while all places
        are held by such as took too long.
        """
        latest = asyncio.get_running_loop().time() + within.total_seconds()
        async with asyncio.timeout_at(latest):
            ours = await self._sift(delivery)
        if ours:
            await self._take(ours, latest)
        return sum(len(notices) for notices in ours.values())

    async def close(self) -> None:
        """Cut off what is under way."""
        await self._sift.close()
        await cut_off(self._under_way)

    async def _take(self, ours: Ours, latest: float) -> None:
        if len(self._given_up) >= AT_ONCE:
            raise TimeoutError
        task = asyncio.create_task(self._in_turn(ours), name="delivery")
        self._under_way.add(task)
        task.add_done_callback(self._over)
        try:
            await asyncio.wait([task], timeout=max(latest - asyncio.get_running_loop().time(), 0))
        finally:
            if not task.done():
                self._given_up.add(task)
                task.cancel()
        if not task.done():
            raise TimeoutError
        task.result()

    async def _in_turn(self, ours: Ours) -> None:
        async with self._places:
            await self._take_notifications(ours)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._given_up.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that a failure nobody waits for any more is not reported as forgotten
