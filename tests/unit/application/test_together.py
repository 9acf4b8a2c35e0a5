"""Going on at the same moment: one place for several, and one answer for all who ask at once."""

import asyncio
from collections.abc import Collection, Mapping

import pytest

from application.ports.store import StoreUnavailable
from application.readings.shared_place import SharedPlace
from application.readings.together import Together


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def _inside(place: SharedPlace, until: asyncio.Event, inside: list[str], name: str) -> None:
    async with place:
        inside.append(name)
        await until.wait()


async def test_all_who_wait_for_a_place_get_in_at_once_and_the_last_one_leaves_it() -> None:
    places, may_leave, inside = asyncio.Semaphore(1), asyncio.Event(), list[str]()
    await places.acquire()
    shared = SharedPlace(places)
    waiting = [asyncio.create_task(_inside(shared, may_leave, inside, name)) for name in "abc"]
    await _settle()
    assert inside == []

    places.release()
    await _settle()
    assert inside == ["a", "b", "c"]
    assert places.locked()

    may_leave.set()
    await asyncio.gather(*waiting)
    assert not places.locked()


async def test_who_is_cancelled_while_waiting_keeps_no_place() -> None:
    places, may_leave, inside = asyncio.Semaphore(1), asyncio.Event(), list[str]()
    await places.acquire()
    shared = SharedPlace(places)
    waiting = [asyncio.create_task(_inside(shared, may_leave, inside, name)) for name in "ab"]
    await _settle()
    waiting[0].cancel()
    await _settle()
    places.release()
    await _settle()
    assert inside == ["b"]

    waiting[1].cancel()
    await asyncio.wait(waiting)
    assert not places.locked()
    async with shared:
        assert places.locked()
    assert not places.locked()


async def test_a_place_is_not_lost_when_all_who_waited_for_it_have_left() -> None:
    places = asyncio.Semaphore(1)
    await places.acquire()
    shared = SharedPlace(places)
    waiting = [asyncio.create_task(_inside(shared, asyncio.Event(), [], name)) for name in "ab"]
    await _settle()
    places.release()
    for one in waiting:
        one.cancel()
    await asyncio.wait(waiting)
    await _settle()
    assert not places.locked()


class Giver:
    """Gives each their name back."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.fault: Exception | None = None

    async def __call__(self, names: Collection[str]) -> Mapping[str, str]:
        self.asked.append(list(names))
        if self.fault is not None:
            raise self.fault
        return {name: name for name in names}


async def test_those_who_ask_at_the_same_moment_are_given_at_once_and_later_ones_alone() -> None:
    give = Giver()
    together = Together(give)
    assert await asyncio.gather(*(together(name) for name in "abc")) == ["a", "b", "c"]
    assert await together("d") == "d"
    assert give.asked == [["a", "b", "c"], ["d"]]


async def test_who_leaves_takes_nothing_from_the_others() -> None:
    together = Together(Giver())
    asking = [asyncio.create_task(together(name)) for name in "ab"]
    await asyncio.sleep(0)
    asking[0].cancel()
    assert await asking[1] == "b"


async def test_a_failure_is_everybodys() -> None:
    give = Giver()
    give.fault = StoreUnavailable()
    together = Together(give)
    asking = [asyncio.create_task(together(name)) for name in "ab"]
    for one in asking:
        with pytest.raises(StoreUnavailable):
            await one
