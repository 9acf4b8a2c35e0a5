"""A lane of work: who gets a place, when it claims, and how it ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from application.ports.lanes import MOST_OF_A_KEY, Claim, Claimed, Room
from server.runtime import lanes as module
from server.runtime.lanes import Lane
from tests.fakes.clock import MovableClock
from tests.server.served import Logs

HANGS = "hangs"


def new(name: str, key: str = "") -> Claimed[str]:
    return Claimed(row=name, keys=(key or name,))


def tried(name: str, key: str = "") -> Claimed[str]:
    return Claimed(row=name, keys=(key or name,), again=True)


@dataclass(eq=False)
class Rows:
    """Rows that are due, and the work on them: those whose name begins so hang until `release`."""

    due: list[Claimed[str]] = field(default_factory=list)
    at_work: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    most_at_work: int = 0
    rooms: list[Room] = field(default_factory=list)
    claim_fails: int = 0
    answer_takes: int = 3
    """Turns of the loop until the answer to a claim is there."""
    work_takes: Callable[[str], int] = field(default=lambda _: 1)
    next_due: timedelta | None = None
    clock: MovableClock = field(default_factory=MovableClock)
    _released: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def claim(self, room: Room) -> Claim[str]:
        self.rooms.append(room)
        self._changed.set()
        if self.claim_fails:
            self.claim_fails -= 1
            raise RuntimeError("gotcha")
        rows: tuple[Claimed[str], ...] = ()
        for one in sorted(self.due, key=lambda one: one.again):
            left = room.without(rows)
            if left.places and (left.again or not one.again):
                rows += (one,) * all(left.held.get(key, 0) < MOST_OF_A_KEY for key in one.keys)
        self.due = [one for one in self.due if one not in rows]
        for _ in range(self.answer_takes):
            await asyncio.sleep(0)
        next_due = None if self.next_due is None else self.clock.now() + self.next_due
        return Claim(rows=rows, next_due=next_due)

    async def run(self, name: str) -> None:
        self.at_work.append(name)
        self.most_at_work = max(self.most_at_work, len(self.at_work))
        self._changed.set()
        try:
            for _ in range(self.work_takes(name)):
                await asyncio.sleep(0)
            if name.startswith(HANGS):
                await self._released.wait()
            if name.startswith("fails"):
                raise RuntimeError("gotcha")
            self.done.append(name)
        finally:
            self.at_work.remove(name)
            self._changed.set()

    def release(self) -> None:
        self._released.set()

    async def until(self, condition: Callable[["Rows"], object]) -> None:
        async with asyncio.timeout(10):
            while not condition(self):
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture(autouse=True)
def _never_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that only what must wake a lane does; tests of the poll make it short."""
    monkeypatch.setattr(module, "POLL_SECONDS", 3600)


@asynccontextmanager
async def working(
    rows: Rows, *, places: int = 4, kept_free: int = 0, grace: float = 0, hurry: asyncio.Event | None = None
) -> AsyncIterator[Lane[str]]:
    lane = Lane(
        name="kind of work",
        places=places,
        kept_free=kept_free,
        claim=rows.claim,
        run=rows.run,
        clock=rows.clock,
    )
    work = asyncio.create_task(lane.work(grace=timedelta(seconds=grace), hurry=hurry or asyncio.Event()))
    try:
        yield lane
    finally:
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work


async def test_claims_for_all_free_places_and_again_as_soon_as_one_is_free() -> None:
    rows = Rows(due=[new(f"{number}") for number in range(100)])
    async with working(rows):
        await rows.until(lambda one: len(one.done) == 100)
    assert rows.rooms[0] == Room(places=4, again=4)
    assert rows.most_at_work == 4


async def test_waits_when_nothing_is_left_until_it_is_woken() -> None:
    rows = Rows(due=[new("first")])
    async with working(rows) as lane:
        await rows.until(lambda one: one.done == ["first"])
        claims = len(rows.rooms)
        rows.due.append(new("second"))
        for _ in range(20):
            await asyncio.sleep(0)
        assert (len(rows.rooms), rows.done) == (claims, ["first"])

        lane.wake()
        await rows.until(lambda one: one.done == ["first", "second"])


async def test_looks_by_itself_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.01)
    rows = Rows()
    async with working(rows):
        await rows.until(lambda one: len(one.rooms) == 3)
        rows.due.append(new("first"))
        await rows.until(lambda one: one.done == ["first"])


async def test_looks_when_the_next_row_is_due() -> None:
    rows = Rows(next_due=timedelta(seconds=0.05))
    async with working(rows):
        await rows.until(lambda one: len(one.rooms) == 2)


async def test_is_woken_in_vain_while_all_places_are_taken() -> None:
    rows = Rows(due=[new(f"{HANGS}-{number}") for number in range(9)])
    async with working(rows) as lane:
        await rows.until(lambda one: len(one.at_work) == 4)
        for _ in range(20):
            lane.wake()
            await asyncio.sleep(0)
        assert len(rows.rooms) == 1
        rows.release()
        await rows.until(lambda one: len(one.done) == 9)


async def test_one_key_holds_two_places_and_gets_the_next_when_one_of_them_is_free() -> None:
    rows = Rows(due=[new(f"{HANGS}-{number}", key="mailbox") for number in range(40)])
    async with working(rows) as lane:
        await rows.until(lambda one: len(one.at_work) == 2)
        rows.due.append(new("another's"))
        lane.wake()
        await rows.until(lambda one: one.done == ["another's"])
        assert len(rows.at_work) == 2
        assert rows.rooms[-1].held["mailbox"] == 2

        rows.release()
        await rows.until(lambda one: len(one.done) == 41)


@pytest.mark.parametrize("takes", range(6))
async def test_a_place_of_a_key_that_gets_free_while_a_claim_is_under_way_is_not_lost(takes: int) -> None:
    rows = Rows(due=[new(f"{number}", key="mailbox") for number in range(40)], answer_takes=takes)
    rows.work_takes = lambda name: int(name) % 7 + 1
    async with working(rows):
        await rows.until(lambda one: len(one.done) == 40)
    assert rows.most_at_work == 2


@pytest.mark.parametrize("takes", range(6))
async def test_nor_is_one_for_what_is_tried_again(takes: int) -> None:
    rows = Rows(due=[tried(f"{number}") for number in range(40)], answer_takes=takes)
    rows.work_takes = lambda name: int(name) % 7 + 1
    async with working(rows, kept_free=2):
        await rows.until(lambda one: len(one.done) == 40)
    assert rows.most_at_work == 2


async def test_what_is_tried_again_leaves_places_for_what_is_new() -> None:
    rows = Rows(due=[tried(f"{HANGS}-{number}") for number in range(9)])
    async with working(rows, kept_free=1) as lane:
        await rows.until(lambda one: len(one.at_work) == 3)
        rows.due.append(new("new one"))
        lane.wake()
        await rows.until(lambda one: one.done == ["new one"])
        assert len(rows.at_work) == 3

        rows.release()
        await rows.until(lambda one: len(one.done) == 10)


async def test_failures_are_logged_by_the_kind_of_work_and_end_nothing(logs: Logs) -> None:
    rows = Rows(due=[new("fails"), new("second")])
    async with working(rows):
        await rows.until(lambda one: one.done == ["second"])
        await logs.until("job failed")
    (line,) = logs.of("job failed")
    assert (line["job"], line["error"]) == ("kind of work", "builtins.RuntimeError")
    assert "gotcha" not in logs.text


async def test_a_claim_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch, logs: Logs) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.01)
    rows = Rows(due=[new("first")], claim_fails=2)
    async with working(rows):
        await rows.until(lambda one: one.done == ["first"])
    assert len(logs.of("no work can be claimed, and it is tried again")) == 2
    assert "gotcha" not in logs.text


async def test_work_under_way_gets_the_grace_time_and_nothing_new_begins() -> None:
    rows = Rows(due=[new(f"{HANGS}-{number}") for number in range(9)])
    async with working(rows, grace=10):
        await rows.until(lambda one: len(one.at_work) == 4)
        asyncio.get_running_loop().call_soon(rows.release)
    assert (len(rows.done), len(rows.due)) == (4, 5)


@pytest.mark.parametrize("hurried", [True, False])
async def test_work_that_outlasts_the_grace_time_is_cut_off(hurried: bool) -> None:
    rows, hurry = Rows(due=[new(HANGS)]), asyncio.Event()
    async with working(rows, grace=3600 if hurried else 0.01, hurry=hurry):
        await rows.until(lambda one: one.at_work == [HANGS])
        if hurried:
            asyncio.get_running_loop().call_soon(hurry.set)
    assert (rows.at_work, rows.done) == ([], [])


async def test_a_lane_that_is_stopped_as_soon_as_it_starts_stops() -> None:
    async with asyncio.timeout(10):
        for yields in range(20):
            async with working(Rows(due=[new("first")])):
                for _ in range(yields):
                    await asyncio.sleep(0)
