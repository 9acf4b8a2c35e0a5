"""One reading of a calendar at a time in this process, however many wait for it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from application.ports.alarms import Alarms
from application.ports.clock import Clock
from application.ports.store import StoreUnavailable

K = TypeVar("K")
T = TypeVar("T")

AT_ONCE = 200
"""Far more than a mailbox is read with: what is limited here is the process's memory, not the provider's patience."""


@dataclass(frozen=True, slots=True)
class _Call(Generic[T]):
    begun_at: datetime
    task: asyncio.Task[T]
    taken_up: bool
    """Whether it had begun before it came here, perhaps long before."""


class SingleFlight(Generic[K, T]):
    """A call goes on when those who waited for it have left: what it reads is stored for the next.

    The operator hears of unforeseen errors, and `failed` gives the answer: whoever asked has other calendars, too.
    """

    def __init__(
        self, read: Callable[[K], Awaitable[T]], *, clock: Clock, alarms: Alarms, failed: Callable[[K], T]
    ) -> None:
        self._read = read
        self._clock = clock
        self._alarms = alarms
        self._failed = failed
        self._under_way: dict[K, _Call[T]] = {}
        self._places = asyncio.Semaphore(AT_ONCE)

    async def join(self, key: K, *, not_before: datetime) -> T:
        """What a reading begun at `not_before` or later brings. Raises StoreUnavailable.

        One that began too early is waited for first: two at once would only take each other's places at the provider.
        """
        waited = False
        while (call := self._under_way.get(key)) is not None and call.begun_at < not_before:
            if waited and not call.taken_up:
                break  # begun since this was asked for, whatever the clock says
            await asyncio.wait([call.task])  # which leaves it alone when the one who waits is cancelled
            waited = True
        call = call or self._begin(key, lambda: self._read(key), self._clock.now())
        await asyncio.wait([call.task])
        return call.task.result()

    async def take_up(self, key: K, read: Callable[[], Awaitable[T]], *, begun_at: datetime) -> T:
        """Have a reading that was begun at `begun_at` go on as `read`, unless one that began later is under way.

        Others may join it. Raises StoreUnavailable.
        """
        while (call := self._under_way.get(key)) is not None:
            await asyncio.wait([call.task])
            if call.begun_at >= begun_at:
                return call.task.result()
        call = self._begin(key, read, begun_at, taken_up=True)
        await asyncio.wait([call.task])
        return call.task.result()

    async def close(self, *, grace: timedelta) -> None:
        """Let those under way end, and cut off what takes longer than `grace`."""
        tasks = [call.task for call in self._under_way.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace.total_seconds())
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _begin(
        self, key: K, read: Callable[[], Awaitable[T]], begun_at: datetime, *, taken_up: bool = False
    ) -> _Call[T]:
        call = _Call(begun_at, asyncio.create_task(self._run(key, read)), taken_up)
        self._under_way[key] = call
        call.task.add_done_callback(lambda task: self._ended(key, task))
        return call

    async def _run(self, key: K, read: Callable[[], Awaitable[T]]) -> T:
        async with self._places:
            try:
                return await read()
            except StoreUnavailable:
                raise
            except Exception as fault:  # noqa: BLE001 - an outermost place: the call may have been left by everybody
                self._alarms.unforeseen(fault)
                return self._failed(key)

    def _ended(self, key: K, task: asyncio.Task[T]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # looked at, so that a failure nobody waits for any more is not reported as forgotten
