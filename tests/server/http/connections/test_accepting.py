"""Connections are taken in a few at a time, and not while requests from outside have used up their part of the loop."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from server.http.connections import accepting as module
from server.http.connections.accepting import AT_ONCE, Accepting
from server.http.connections.cut_offs import Why
from server.http.connections.edge import Edge
from server.http.connections.limits import HttpLimits
from server.http.connections.loop_share import DEEPEST_DEBT, LoopShare
from server.http.connections.places import Place
from server.http.headers import AnswerHeaders
from server.tasks import task_for_good
from tests.server.http.connections.test_loop_share import Clock
from tests.server.served import Logs

SOON = 5
HEAD = b"GET / HTTP/1.1\r\n\r\n"


class Connections:
    """Counts those that were taken in."""

    def __init__(self) -> None:
        self.number = 0
        self._more = asyncio.Event()

    def __call__(self, place: Place, received: bytes) -> asyncio.Protocol:
        self.number += 1
        self._more.set()
        return asyncio.Protocol()

    async def until(self, number: int) -> None:
        async with asyncio.timeout(SOON):
            while self.number < number:
                self._more.clear()
                await self._more.wait()


class NoFileLeft(socket.socket):
    """Refuses as often as `times` says, as when too many files are open."""

    times = 0

    def accept(self) -> tuple[socket.socket, object]:
        if self.times:
            self.times -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def share(clock: Clock) -> LoopShare:
    return LoopShare(0.25, now=clock)


@pytest.fixture
def listening() -> Iterator[NoFileLeft]:
    with NoFileLeft(fileno=socket.create_server(("127.0.0.1", 0)).detach()) as listening:
        yield listening


@pytest.fixture
def edge(share: LoopShare) -> Edge:
    return Edge(limits=HttpLimits(), share=share, headers=AnswerHeaders())


@pytest_asyncio.fixture
async def connections(listening: NoFileLeft, edge: Edge) -> AsyncIterator[Connections]:
    """With a server that takes them in, and stops in the end."""
    connections = Connections()
    accepting = Accepting(listening, connections, edge)
    yield connections
    await accepting.stop()
    with pytest.raises(OSError, match="Bad file descriptor"):
        listening.getsockname()


@pytest.fixture
def come(listening: NoFileLeft) -> Iterator[Callable[[int], None]]:
    """Have so many callers connect; they are in the kernel's hands then."""
    callers: list[socket.socket] = []
    address = listening.getsockname()

    def come(number: int) -> None:
        for _ in range(number):
            callers.append(socket.create_connection(address))
            callers[-1].send(HEAD)

    yield come
    for caller in callers:
        caller.close()


async def test_few_are_taken_in_at_once_and_the_others_after_them(
    connections: Connections, come: Callable[[int], None]
) -> None:
    come(3 * AT_ONCE)
    async with _each_step(connections) as steps:
        await connections.until(3 * AT_ONCE)
    assert max(steps) <= AT_ONCE


async def test_nobody_is_taken_in_while_the_part_is_used_up(
    connections: Connections, share: LoopShare, clock: Clock, come: Callable[[int], None]
) -> None:
    with share.counting():
        clock.seconds += 0.02
    come(1)
    for _ in range(10):
        await asyncio.sleep(0)
    assert connections.number == 0

    clock.seconds += DEEPEST_DEBT

    await connections.until(1)


async def test_a_system_without_room_gets_a_respite(
    connections: Connections,
    listening: NoFileLeft,
    edge: Edge,
    come: Callable[[int], None],
    logs: Logs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "RESPITE_SECONDS", 0.01)
    listening.times = 2
    come(1)

    await connections.until(1)

    assert edge.cut_offs.totals == {Why.NO_FILES: 2}
    assert [line["no_files"] for line in logs.of("connections cut off")] == [1]


@asynccontextmanager
async def _each_step(connections: Connections) -> AsyncIterator[list[int]]:
    """How many more there are after each turn of the loop."""
    steps: list[int] = [0]

    async def look() -> None:
        seen = connections.number
        while True:
            await asyncio.sleep(0)
            steps.append(connections.number - seen)
            seen = connections.number

    async with task_for_good(look(), name="looks"):
        yield steps
