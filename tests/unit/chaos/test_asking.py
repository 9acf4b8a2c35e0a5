"""A patient caller asks again when its channel is closed under it, and ends when it is told to."""

import asyncio
from random import Random

import grpc.aio
import pytest

from chaos.asking import Asking
from tests.support.calls import Calls


async def test_a_channel_that_is_closed_is_no_answer() -> None:
    tries = 0

    async def call(_: Calls) -> str:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise asyncio.CancelledError
        return "answered"

    async with grpc.aio.insecure_channel("localhost:1") as channel:
        asking = Asking(callers=lambda: [Calls(channel=channel)], random=Random(1))
        assert await asking("GetExpert", call) == "answered"
    assert asking.repeats == {"the channel was closed": 1}


async def test_who_is_cancelled_asks_no_more() -> None:
    asked = asyncio.Event()

    async def call(_: Calls) -> None:
        asked.set()
        await asyncio.Event().wait()

    async with grpc.aio.insecure_channel("localhost:1") as channel:
        asking = Asking(callers=lambda: [Calls(channel=channel)], random=Random(1))
        task = asyncio.create_task(asking("GetExpert", call))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert asking.calls == {"GetExpert": 1}
