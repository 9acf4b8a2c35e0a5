"""Tasks that run for as long as something is open."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

AGAIN_SECONDS: Final = 0.5


@asynccontextmanager
async def task_for_good(work: Coroutine[Any, Any, None], *, name: str) -> AsyncIterator[None]:
    """Runs `work`, which never ends by itself, beside the block, and cancels it at the end.

    As often as it takes: up to Python 3.11 `asyncio.wait_for` loses a cancellation that comes together with what it
    waits for (python/cpython issue 86296), and psycopg waits for the database in this way.
    """
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=AGAIN_SECONDS)
