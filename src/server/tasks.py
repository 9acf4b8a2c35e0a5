"""Tasks that run for as long as something is open."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

log = structlog.stdlib.get_logger("server.tasks")
AGAIN_SECONDS: Final = 0.5


@asynccontextmanager
async def task_for_good(work: Coroutine[Any, Any, None], *, name: str) -> AsyncIterator[None]:
    """Runs `work`, which never ends by itself, beside the block, and cancels it at the end.

    Where it does end, by a fault of ours, the log says so at once: nothing else would.
    """
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_tell_of_fault)
    try:
        yield
    finally:
        task.remove_done_callback(_tell_of_fault)
        await cut_off([task])


def _tell_of_fault(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("what should go on for good has ended", task=task.get_name(), exc_info=error)


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
