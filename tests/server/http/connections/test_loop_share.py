"""Whoever comes from outside gets a part of the loop's time, in turn, on a clock that the test moves."""

import asyncio
from dataclasses import dataclass

import pytest

from server.http.connections.loop_share import AHEAD, DEEPEST_DEBT, TOGETHER, LoopShare


@dataclass(slots=True)
class Clock:
    seconds: float = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def share(clock: Clock) -> LoopShare:
    """A quarter."""
    return LoopShare(0.25, now=clock)


def _use(share: LoopShare, clock: Clock, seconds: float) -> None:
    with share.counting():
        clock.seconds += seconds


async def _in_line(share: LoopShare, number: int, came: list[int]) -> list[asyncio.Task[None]]:
    """So many who wait; each notes its number when it is its turn."""

    async def wait(one: int) -> None:
        await share.turn()
        came.append(one)

    waiting = [asyncio.create_task(wait(one)) for one in range(number)]
    await asyncio.sleep(0)
    return waiting


async def _over(waiting: list[asyncio.Task[None]]) -> None:
    async with asyncio.timeout(5):
        await asyncio.wait(waiting)


async def test_nobody_waits_while_little_is_used(share: LoopShare, clock: Clock) -> None:
    _use(share, clock, AHEAD * 0.25 * 0.9)
    came: list[int] = []
    await _in_line(share, 3, came)
    assert came == [0, 1, 2]


async def test_what_was_used_is_made_up_for_by_waiting_three_times_as_long(
    share: LoopShare, clock: Clock
) -> None:
    _use(share, clock, 0.1)
    came: list[int] = []
    (waiting,) = await _in_line(share, 1, came)
    clock.seconds += 0.3 - AHEAD - 0.001
    share._let_in()
    await asyncio.sleep(0)
    assert came == []

    clock.seconds += 0.002
    share._let_in()
    await _over([waiting])

    assert came == [0]


async def test_turns_are_given_in_order_and_few_at_once(share: LoopShare, clock: Clock) -> None:
    _use(share, clock, 0.1)
    came: list[int] = []
    waiting = await _in_line(share, 3 * TOGETHER, came)
    clock.seconds += 1
    share._let_in()
    await asyncio.sleep(0)
    assert came == list(range(TOGETHER))

    await _over(waiting)

    assert came == list(range(3 * TOGETHER))


async def test_a_newcomer_goes_behind_those_who_wait(share: LoopShare, clock: Clock) -> None:
    _use(share, clock, 0.1)
    came: list[int] = []
    waiting = await _in_line(share, 1, came)
    clock.seconds += 10

    await share.turn()

    assert came == [0]
    await _over(waiting)


async def test_whoever_has_left_takes_nobodys_turn(share: LoopShare, clock: Clock) -> None:
    _use(share, clock, 0.1)
    came: list[int] = []
    waiting = await _in_line(share, 2 * TOGETHER, came)
    for one in waiting[:TOGETHER]:
        one.cancel()
    await asyncio.sleep(0)
    clock.seconds += 10
    share._let_in()
    await _over(waiting)
    assert came == list(range(TOGETHER, 2 * TOGETHER))


async def test_what_could_not_be_kept_waiting_does_not_close_the_door_for_long(
    share: LoopShare, clock: Clock
) -> None:
    for _ in range(100):
        _use(share, clock, 1)
    came: list[int] = []
    (waiting,) = await _in_line(share, 1, came)
    clock.seconds += DEEPEST_DEBT
    share._let_in()
    await _over([waiting])
    assert came == [0]


async def test_each_step_of_counted_work_is_used_up_and_its_waiting_is_not(
    share: LoopShare, clock: Clock
) -> None:
    going = asyncio.Event()

    async def work() -> str:
        clock.seconds += 0.02
        await going.wait()
        clock.seconds += 0.02
        return "done"

    working = asyncio.create_task(_awaited(share, work()))
    await asyncio.sleep(0)
    clock.seconds += 5
    going.set()
    assert await working == "done"

    came: list[int] = []
    (waiting,) = await _in_line(share, 1, came)
    clock.seconds += 0.02 * 3 - AHEAD - 0.001
    assert came == []  # the second step's; the first one's was made up for during the five seconds
    clock.seconds += 0.002
    share._let_in()
    await _over([waiting])


async def test_counted_work_hears_of_its_cancellation_and_its_failure_is_its_own(share: LoopShare) -> None:
    heard: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            heard.append("cancelled")
            raise ValueError("its own") from None

    working = asyncio.create_task(_awaited(share, work()))
    await asyncio.sleep(0)
    working.cancel()
    with pytest.raises(ValueError, match="its own"):
        await working
    assert heard == ["cancelled"]


async def _awaited(share: LoopShare, work: object) -> object:
    return await share.counted(work)  # type: ignore[arg-type]
