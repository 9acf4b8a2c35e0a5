"""Tasks that run for as long as something is open."""

import asyncio

import pytest

from server import tasks
from server.tasks import task_for_good


async def test_a_task_runs_beside_the_block_and_is_gone_after_it() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with task_for_good(work(), name="work"):
        await begun.wait()
        assert not ended.is_set()
    assert ended.is_set()


async def test_a_cancellation_that_is_lost_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "AGAIN_SECONDS", 0.01)
    begun, lost = asyncio.Event(), 0

    async def work() -> None:
        nonlocal lost
        begun.set()
        while lost < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1
        await asyncio.Event().wait()

    async with task_for_good(work(), name="work"):
        await begun.wait()
    assert lost == 2
