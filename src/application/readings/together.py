"""What those who come at the same moment are best given at once, so that they go on at the same moment, too."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Together(Generic[K, V]):
    """`give` is asked once for all who come at the moment of the first, and for whoever comes later alone."""

    def __init__(self, give: Callable[[Collection[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._give = give
        self._asked: list[K] = []
        self._given: asyncio.Task[Mapping[K, V]] | None = None
        self._closed = False

    async def __call__(self, key: K) -> V:
        if self._closed:
            return (await self._give([key]))[key]
        self._asked.append(key)
        if self._given is None:
            self._given = asyncio.create_task(
                self._give_all()
            )  # which runs after all that are ready to run now
        await asyncio.wait([self._given])  # which leaves it alone when the one who waits is cancelled
        return self._given.result()[key]

    async def _give_all(self) -> Mapping[K, V]:
        self._closed = True
        return await self._give(self._asked)
