"""What several callers want at the same time is obtained once, and all get the same answer."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from datetime import timedelta
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SharedTasks(Generic[T]):
    """A failure is an answer, too. One caller being cancelled disturbs nobody."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, asyncio.Task[T]] = {}

    async def share(self, key: Hashable, obtain: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `obtain` brings, or what is under way for the same key."""
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(obtain())
            task.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(task)

    async def close(self, *, grace: timedelta) -> None:
        """Let what is under way finish; end what takes longer than `grace`."""
        if not self._under_way:
            return
        _, late = await asyncio.wait(list(self._under_way.values()), timeout=grace.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _landed(self, key: Hashable, task: asyncio.Task[T]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            # Looked at here, so that a failure nobody waits for any more is not reported as forgotten.
            task.exception()
