"""One reading of a calendar at a time in this process, however many wait for it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeAlias, TypeVar

from application.ports.alarms import Alarms
from application.ports.clock import Clock
from application.ports.store import StoreUnavailable
from application.readings.shared_place import SharedPlace

K = TypeVar("K")
T = TypeVar("T")
Place: TypeAlias = AbstractAsyncContextManager[None]

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
    `together` gives what reads those that begin at the same moment, each time anew; otherwise `read` does.
    """

    def __init__(
        self,
        read: Callable[[K], Awaitable[T]],
        *,
        clock: Clock,
        alarms: Alarms,
        failed: Callable[[K], T],
        together: Callable[[], Callable[[K], Awaitable[T]]] | None = None,
    ) -> None:
        self._read = read
        self._read_together = together or (lambda: read)
        self._clock = clock
        self._alarms = alarms
        self._failed = failed
        self._under_way: dict[K, _Call[T]] = {}
        self._places = asyncio.Semaphore(AT_ONCE)

    async def join(self, key: K, *, not_before: datetime) -> T:
        """What a reading begun at `not_before` or later brings. Raises StoreUnavailable.

        One that began too early is waited for first: two at once would only take each other's places at the provider.
        """
        return await self._join(key, not_before, self._read, self._places)

    async def join_all(
        self, not_before: Mapping[K, datetime], *, budget: timedelta, places: asyncio.Semaphore
    ) -> Mapping[K, T]:
        """The same for several that are best asked for in one request, at one of the places: those that aren't under
        way begin together. What doesn't come within `budget` is left out.
        """
        until = asyncio.get_running_loop().time() + max(budget.total_seconds(), 0)
        try:
            async with asyncio.timeout_at(until):
                await places.acquire()
        except TimeoutError:
            return {}
        try:
            return await (self._join_one if len(not_before) == 1 else self._join_all)(not_before, until)
        finally:
            places.release()

    async def _join_one(self, not_before: Mapping[K, datetime], until: float) -> Mapping[K, T]:
        ((key, when),) = not_before.items()
        try:
            async with asyncio.timeout_at(until):
                return {key: await self.join(key, not_before=when)}
        except TimeoutError:
            return {}

    async def _join_all(self, not_before: Mapping[K, datetime], until: float) -> Mapping[K, T]:
        read, place = self._read_together(), SharedPlace(self._places)
        joined = {
            key: asyncio.create_task(self._join(key, when, read, place)) for key, when in not_before.items()
        }
        try:
            left = until - asyncio.get_running_loop().time()
            in_time, _ = await asyncio.wait(joined.values(), timeout=max(left, 0))
        finally:
            for task in joined.values():
                task.cancel()
            await asyncio.gather(*joined.values(), return_exceptions=True)
        return {key: task.result() for key, task in joined.items() if task in in_time}

    async def _join(self, key: K, not_before: datetime, read: Callable[[K], Awaitable[T]], place: Place) -> T:
        waited = False
        while (call := self._under_way.get(key)) is not None and call.begun_at < not_before:
            if waited and not call.taken_up:
                break  # begun since this was asked for, whatever the clock says
            await asyncio.wait([call.task])  # which leaves it alone when the one who waits is cancelled
            waited = True
        call = call or self._begin(key, lambda: read(key), self._clock.now(), place)
        await asyncio.wait([call.task])
        return call.task.result()

    async def take_up(self, reads: Mapping[K, Callable[[], Awaitable[T]]], *, begun_at: datetime) -> None:
        """Have readings that were begun at `begun_at` go on as these say, but for those of keys of which one that began
        later is under way.

        Others may join them. They go on at the same moment and take one of this process's places, as they are answered
        by one request. Raises StoreUnavailable, once all have ended.
        """
        place = self._places if len(reads) == 1 else SharedPlace(self._places)
        ends = (self._take_up(key, read, begun_at, place) for key, read in reads.items())
        for end in await asyncio.gather(*ends, return_exceptions=True):
            if isinstance(end, BaseException):
                raise end

    async def _take_up(
        self, key: K, read: Callable[[], Awaitable[T]], begun_at: datetime, place: Place
    ) -> None:
        while (call := self._under_way.get(key)) is not None:
            await asyncio.wait([call.task])
            if call.begun_at >= begun_at:
                call.task.result()
                return
        call = self._begin(key, read, begun_at, place, taken_up=True)
        await asyncio.wait([call.task])
        call.task.result()

    async def close(self, *, grace: timedelta) -> None:
        """Let those under way end, and cut off what takes longer than `grace`."""
        tasks = [call.task for call in self._under_way.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace.total_seconds())
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _begin(
        self,
        key: K,
        read: Callable[[], Awaitable[T]],
        begun_at: datetime,
        place: Place,
        *,
        taken_up: bool = False,
    ) -> _Call[T]:
        call = _Call(begun_at, asyncio.create_task(self._run(key, read, place)), taken_up)
        self._under_way[key] = call
        call.task.add_done_callback(lambda task: self._ended(key, task))
        return call

    async def _run(self, key: K, read: Callable[[], Awaitable[T]], place: Place) -> T:
        async with place:
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
