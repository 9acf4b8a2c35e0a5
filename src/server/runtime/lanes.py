"""Lanes of work: each claims rows that are due whenever it has free places, and runs them.

Rows say what is due, so nothing is queued. A lane that has room claims up to as many rows as it has free places, runs
each in a task of its own, and claims again as soon as a place is free. When a claim brought less than was asked for, it
waits until it is woken, until the next row is due, or for POLL_SECONDS.

To put another kind of work on a lane:

- A `claim`, called with the lane's `Room`: it claims rows (`FOR NO KEY UPDATE SKIP LOCKED`, a token and a time until
  which the claim holds), never more than `room.places`, of rows that are tried again no more than `room.again`, and of
  no key more than MOST_OF_A_KEY together with what `room.held` says. It may bring fewer than are due, but not none as
  long as any may run. What one request does is one `Claimed`, and takes one place. Claims of a process that died must
  be freed (`ShowLife`), or run out.
- A `run`, called with each row. It leaves the row not due, due later, or claimed: a row that it leaves due and free is
  claimed again at once. One that raises is logged, and its claim kept, so that it comes again when that runs out.
- `Jobs` wakes the lane by its name, in the transaction that makes a row due.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Generic

import structlog

from application.ports.clock import Clock
from application.ports.lanes import MOST_OF_A_KEY, Claim, Claimed, Room, Row
from server.logs import described
from server.tasks import cut_off, task_for_good

POLL_SECONDS: Final = 1.0
"""How late a row can be that nobody woke the lane for, because nobody could hear it or its work ended untold."""
GATHER_SECONDS: Final = 0.01
"""How long a busy lane of many places waits for more of them to be free: claims are cheaper in tens."""
log = structlog.stdlib.get_logger("server.runtime.lanes")


@dataclass(slots=True, kw_only=True, eq=False)
class Lane(Generic[Row]):
    """`name` is the kind of its work, by which it is woken and logged. `places` is how many rows are worked on at once.

    `kept_free` places are for what is new only: whatever hangs while it is tried again holds none of them.
    """

    name: str
    places: int
    claim: Callable[[Room], Awaitable[Claim[Row]]]
    run: Callable[[Row], Awaitable[None]]
    clock: Clock
    kept_free: int = 0
    _running: dict[asyncio.Task[None], Claimed[Row]] = field(default_factory=dict, init=False)
    _held: Counter[str] = field(default_factory=Counter, init=False)
    _left: Room = field(default=Room(places=0, again=1), init=False)
    _woken: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _freed: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    @property
    def in_use(self) -> int:
        """How many of its places."""
        return len(self._running)

    def wake(self) -> None:
        """Something may be due."""
        self._woken.set()

    async def work(self, *, grace: timedelta, hurry: asyncio.Event) -> None:
        """Until cancelled, and outlives whatever claims and work raise.

        What runs in the end may go on for `grace`, or until `hurry` is set; then it is cut off.
        """
        try:
            async with task_for_good(self._claim_for_good(), name=f"lane {self.name}"):
                await asyncio.Event().wait()
        finally:
            await self._end(grace, hurry)

    async def _claim_for_good(self) -> None:
        while True:
            await self._until_free()
            self._woken.clear()
            room = self._room()
            try:
                claim = await self.claim(room)
            except Exception as error:  # noqa: BLE001 - an outermost loop
                log.warning(
                    "no work can be claimed, and it is tried again", lane=self.name, **described(error)
                )
                await asyncio.sleep(POLL_SECONDS)
                continue
            self._start(claim.rows)
            self._remember(room.without(claim.rows))
            if len(claim.rows) == room.places:
                await self._gather()
            elif not claim.more:
                await self._until_due(claim)

    def _room(self) -> Room:
        free = self.places - len(self._running)
        trying_again = sum(one.again for one in self._running.values())
        return Room(
            places=free,
            again=max(min(self.places - self.kept_free - trying_again, free), 0),
            held=dict(self._held),
        )

    def _start(self, rows: Iterable[Claimed[Row]]) -> None:
        for one in rows:
            self._held.update(one.keys)
            task = asyncio.create_task(self._run(one.row), name=f"{self.name} at work")
            self._running[task] = one
            task.add_done_callback(self._ended)

    async def _run(self, row: Row) -> None:
        structlog.contextvars.clear_contextvars()
        try:
            await self.run(row)
        except Exception as error:  # noqa: BLE001 - an outermost place
            log.error("job failed", job=self.name, **described(error))

    def _remember(self, left: Room) -> None:
        """What the claim saw as taken: rows that it left for that are wanted as soon as it is free."""
        self._left = left
        full = {key for key, places in left.held.items() if places >= MOST_OF_A_KEY}
        again = sum(one.again for one in self._running.values())
        if any(self._held[key] < MOST_OF_A_KEY for key in full) or (
            left.again <= 0 and again < self.places - self.kept_free
        ):
            self._woken.set()  # some of it is free by now

    def _ended(self, task: asyncio.Task[None]) -> None:
        one = self._running.pop(task)
        self._held -= Counter(one.keys)
        was_full = any(self._left.held.get(key, 0) >= MOST_OF_A_KEY for key in one.keys)
        if was_full or (one.again and self._left.again <= 0):
            self._woken.set()
        self._freed.set()

    async def _until_free(self) -> None:
        while len(self._running) >= self.places:
            self._freed.clear()
            await self._freed.wait()

    async def _gather(self) -> None:
        await self._until_free()
        if self.places - len(self._running) < self.places // 8:
            await asyncio.sleep(GATHER_SECONDS)

    async def _until_due(self, claim: Claim[Row]) -> None:
        seconds = POLL_SECONDS
        if claim.next_due is not None:
            seconds = min(max((claim.next_due - self.clock.now()).total_seconds(), 0), POLL_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    async def _end(self, grace: timedelta, hurry: asyncio.Event) -> None:
        hurried = asyncio.create_task(hurry.wait(), name="hurry")
        ended = asyncio.create_task(_all_ended(list(self._running)), name=f"{self.name} ends")
        try:
            await asyncio.wait(
                {hurried, ended}, timeout=grace.total_seconds(), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            await cut_off([hurried, ended, *self._running])


async def _all_ended(tasks: list[asyncio.Task[None]]) -> None:
    if tasks:
        await asyncio.wait(tasks)
