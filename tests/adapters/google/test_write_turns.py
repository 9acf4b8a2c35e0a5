"""One write at a time per calendar."""

import asyncio
import gc

from adapters.google.write_turns import WriteTurns


async def test_those_who_write_to_one_calendar_go_one_by_one_in_their_order() -> None:
    turns, seen = WriteTurns(), []

    async def write(number: int) -> None:
        async with turns.at("a"):
            seen.append(("in", number))
            await asyncio.sleep(0)
            seen.append(("out", number))

    await asyncio.gather(*(write(number) for number in range(3)))
    assert seen == [(way, number) for number in range(3) for way in ("in", "out")]


async def test_a_calendar_that_nobody_writes_to_is_forgotten() -> None:
    turns = WriteTurns()
    async with turns.at("a"), turns.at("b"):
        assert len(turns) == 2
    gc.collect()
    assert len(turns) == 0
