"""Tasks that run for as long as something is open."""

import asyncio

import pytest

from server import tasks
from server.tasks import task_for_good
from tests.server.served import Logs


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


async def test_the_log_says_at_once_what_has_ended_that_should_go_on(logs: Logs) -> None:
    async def breaks() -> None:
        raise ValueError("hunter2")

    async with task_for_good(breaks(), name="certificates"):
        (line,) = await logs.until("what should go on for good has ended")
    assert (line["level"], line["task"], line["error"]) == ("error", "certificates", "builtins.ValueError")
    assert "hunter2" not in logs.text


async def test_the_end_of_the_block_is_no_fault(logs: Logs) -> None:
    async def breaks_when_told_to_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError

    async with task_for_good(breaks_when_told_to_end(), name="any"):
        await asyncio.sleep(0)
    assert "has ended" not in logs.text
