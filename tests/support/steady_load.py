"""Callers that never pause, and keep what failed: what a deployment must not show them."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc
import grpc.aio

from tests.support.calls import SOON, Calls, hours

CALLERS_OF_EACH_KIND = 2
HOURS = 24 * 40
"""Sessions are put into different hours of forty days, so that none is in another's way; holds, which are released
again, into those of the thirty days after them, however many there are."""
HOURS_OF_HOLDS = 24 * 30


@dataclass(slots=True, kw_only=True)
class SteadyLoad:
    """`answered` counts by kind of call; `failed` says code and text of each failure, and of which kind it was."""

    calls: Calls
    answered: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    booked: set[str] = field(default_factory=set)
    beside_the_version_before: bool = False
    """A look of its workers may be joined too late there, and a call that needs one be told to try again."""
    _ended: bool = False
    _something: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def asks(self) -> None:
        await self.calls.busy(hours(0, 24, day=SOON))

    async def checks(self) -> None:
        await self.calls.check(hours(9, 10, day=SOON), hours(10, 11, day=SOON))

    async def books(self) -> None:
        number = next(self._numbers)
        session_id = f"steady-{number}"
        await self.calls.put_session(session_id, start=number % HOURS, day=SOON)
        self.booked.add(session_id)

    async def reserves(self) -> None:
        number = next(self._numbers)
        await self.calls.hold(f"hold-{number}", start=HOURS + number % HOURS_OF_HOLDS, day=SOON)
        await self.calls.release_hold(f"hold-{number}")

    async def many_more(self, count: int) -> None:
        """Returns when so many calls more were answered, or one failed."""
        wanted = self.answered.total() + count
        while self.answered.total() < wanted and not self.failed:
            self._something.clear()
            await self._something.wait()

    async def repeat(self, what: Callable[[], Awaitable[None]]) -> None:
        """Until the load ends."""
        while not self._ended:
            try:
                await what()
            except grpc.aio.AioRpcError as error:
                said = error.details() or ""
                if self.beside_the_version_before and said.startswith("AVAILABILITY_UNKNOWN"):
                    continue
                self.failed.append(f"{what.__name__}: {error.code().name} {said}")
            else:
                self.answered[what.__name__] += 1
            self._something.set()

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        """Calls one after another by each caller, until the block ends; what is under way then is answered first."""
        self._ended = False
        async with asyncio.TaskGroup() as tasks:
            for kind in (self.asks, self.checks, self.books, self.reserves):
                for _ in range(CALLERS_OF_EACH_KIND):
                    tasks.create_task(self.repeat(kind))
            try:
                yield
            finally:
                self._ended = True
