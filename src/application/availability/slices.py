"""Long work in slices: between two of them, everybody else has the event loop for as long as the slice took."""

import asyncio
from typing import Final

LONGEST_BREAK_SECONDS: Final = 0.01


class Slices:
    """Of one piece of work. One turn of the loop would not do: the server needs several for each call that it takes in,
    and there would be a slice in each."""

    def __init__(self) -> None:
        self._resumed_at = asyncio.get_running_loop().time()

    async def give_way(self) -> None:
        """To be awaited after each slice, which begins where the last break ended."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(min(loop.time() - self._resumed_at, LONGEST_BREAK_SECONDS))
        self._resumed_at = loop.time()
