"""A place that several take as if they were one."""

import asyncio
from typing import Literal


class SharedPlace:
    """One of the places, held as long as anybody is in here. Who waits for it goes on with all the others."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._inside = 0
        self._taken: asyncio.Future[Literal[True]] | None = None

    async def __aenter__(self) -> None:
        self._inside += 1
        if self._taken is None:
            self._taken = asyncio.ensure_future(self._places.acquire())
        try:
            await asyncio.shield(self._taken)
        except asyncio.CancelledError:
            await self.__aexit__()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._inside -= 1
        if self._inside == 0 and self._taken is not None:
            taken, self._taken = self._taken, None
            if not taken.cancel():
                self._places.release()
