"""What several callers want at the same time is obtained once."""

import asyncio
from datetime import timedelta

import pytest

from adapters.web.shared_tasks import SharedTasks

LONG = timedelta(seconds=60)


class Source:
    """Gives one answer a time, once it is let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.ended = 0
        self.begun = asyncio.Event()
        self.free = asyncio.Event()

    async def answer(self) -> int:
        self.asked += 1
        self.begun.set()
        mine = self.asked
        try:
            await self.free.wait()
        finally:
            self.ended += 1
        return mine

    async def failure(self) -> int:
        raise ConnectionResetError(await self.answer())


async def _begun(tasks: SharedTasks[int], source: Source, callers: int) -> list[asyncio.Task[int]]:
    begun = [asyncio.create_task(tasks.share("key", source.answer)) for _ in range(callers)]
    await source.begun.wait()
    return begun


async def test_all_who_ask_meanwhile_get_one_answer_and_the_next_another() -> None:
    tasks, source = SharedTasks[int](), Source()
    callers = await _begun(tasks, source, 3)
    source.free.set()
    assert await asyncio.gather(*callers) == [1, 1, 1]
    assert await tasks.share("key", source.answer) == 2


async def test_other_keys_are_other_answers() -> None:
    tasks, source = SharedTasks[int](), Source()
    source.free.set()
    answers = await asyncio.gather(*(tasks.share(key, source.answer) for key in ("one", "other")))
    assert sorted(answers) == [1, 2]


async def test_a_failure_is_shared_too() -> None:
    tasks, source = SharedTasks[int](), Source()
    source.free.set()
    outcomes = await asyncio.gather(
        *(tasks.share("key", source.failure) for _ in range(2)), return_exceptions=True
    )
    assert [type(one) for one in outcomes] == [ConnectionResetError] * 2
    assert source.asked == 1


async def test_a_caller_that_gives_up_disturbs_nobody() -> None:
    tasks, source = SharedTasks[int](), Source()
    first, other = await _begun(tasks, source, 2)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    source.free.set()
    assert await other == 1


async def test_closing_waits_for_what_is_under_way() -> None:
    tasks, source = SharedTasks[int](), Source()
    (caller,) = await _begun(tasks, source, 1)
    closing = asyncio.create_task(tasks.close(grace=LONG))
    await asyncio.sleep(0)
    assert not closing.done()
    source.free.set()
    await closing
    assert await caller == 1


async def test_closing_ends_what_takes_too_long() -> None:
    tasks, source = SharedTasks[int](), Source()
    (caller,) = await _begun(tasks, source, 1)
    await tasks.close(grace=timedelta())
    assert source.ended == 1
    with pytest.raises(asyncio.CancelledError):
        await caller
