"""Tasks that run for as long as something is open."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

AGAIN_SECONDS: Final = 0.5


@asynccontextmanager
async def task_for_good(work: Coroutine[Any, Any, None], *, name: str) -> AsyncIterator[None]:
    """Runs `work`, which never ends by itself, beside the block, and cancels it at the end."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        await cut_off([task])


async def cut_off(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancels them until they have ended, however they do.

    As often as it takes: up to Python 3.11 `asyncio.wait_for` loses a cancellation that comes together with what it
    waits for (python/cpython issue 86296), and psycopg waits for the database in this way. It also takes a second one
    to end psycopg's waiting for a database that keeps silent.
    """
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=AGAIN_SECONDS)
