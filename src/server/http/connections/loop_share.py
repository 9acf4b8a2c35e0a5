"""The event loop is shared with the calls: requests from outside get a part of its time, however many come.

What is counted is the time in which they keep the loop from everybody else: parsing, answering, and what the library
does around that. It is the same on a slow machine and on a fast one, and nobody has to guess what a request costs.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")

AHEAD: Final = 0.05
"""Seconds whose part may be used at once after a quiet moment."""
DEEPEST_DEBT: Final = 0.5
"""Seconds: what can't wait for its turn, such as accepting connections, is not held against what comes later."""
TOGETHER: Final = 4
"""Turns given at once: few enough for the loop to be back in a moment."""


class LoopShare:
    """`part` is the part of the time that those who wait for their turns get, all together: 1 is all of it."""

    def __init__(self, part: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._part = part
        self._now = now
        self._paid_until = 0.0
        """What was used so far has been made up for by then."""
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def debt_seconds(self) -> float:
        """How long to wait until what was used has been made up for; 0 or less where there is something left."""
        return self._paid_until - self._now()

    async def turn(self) -> None:
        """Returns when it is their turn who came first; at once while less is used than there is."""
        if not self._waiting and self.debt_seconds <= 0:
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._wake_up()
        await turn

    @contextmanager
    def counting(self) -> Iterator[None]:
        """What the block takes, without awaiting anything, is used up."""
        began = self._now()
        try:
            yield
        finally:
            self._use(self._now() - began)

    def counted(self, work: Coroutine[Any, Any, T]) -> "_Counted[T]":
        """The same work; each of its steps, from one wait to the next, is used up."""
        return _Counted(self, work)

    def _use(self, seconds: float) -> None:
        now = self._now()
        due = max(self._paid_until, now - seconds - AHEAD) + seconds / self._part
        self._paid_until = min(due, now + DEEPEST_DEBT)

    def _wake_up(self) -> None:
        if self._timer is None:
            pause = max(self.debt_seconds, 0)
            self._timer = asyncio.get_running_loop().call_later(pause, self._let_in)

    def _let_in(self) -> None:
        self._timer = None
        if self.debt_seconds <= 0:
            left = TOGETHER
            while self._waiting and left:
                turn = self._waiting.popleft()
                if not turn.done():  # nobody has left meanwhile
                    turn.set_result(None)
                    left -= 1
        if self._waiting:
            self._wake_up()


class _Counted(Generic[T]):
    def __init__(self, share: LoopShare, work: Coroutine[Any, Any, T]) -> None:
        self._share = share
        self._work = work

    def __await__(self) -> Generator[Any, Any, T]:
        step: Callable[[], Any] = partial(self._work.send, None)
        while True:
            try:
                with self._share.counting():
                    waited_for = step()
            except StopIteration as end:
                result: T = end.value
                return result
            try:
                step = partial(self._work.send, (yield waited_for))
            except BaseException as thrown:  # noqa: BLE001 - a cancellation, for instance: it is the work's
                step = partial(self._work.throw, thrown)
