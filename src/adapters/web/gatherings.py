"""Questions that come together, answered by as few as possible."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
Q = TypeVar("Q")
A = TypeVar("A")

GATHERED_FOR: Final = timedelta(milliseconds=20)
"""How long questions wait for others to join them, after each that does: little beside the time that a provider takes.
Before they come here, those of a group take turns at the database, so they come one after another."""
MOST_PAUSES: Final = 10
"""So many times that long at most, however many go on coming."""


@dataclass(eq=False, slots=True)
class Asked(Generic[Q, A]):
    """A question that somebody waits for."""

    question: Q
    answer: asyncio.Future[A] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future(), repr=False
    )

    def settle(self, said: A | Exception) -> None:
        if self.answer.done():
            return
        if isinstance(said, Exception):
            self.answer.set_exception(said)
        else:
            self.answer.set_result(said)


@dataclass(eq=False, slots=True)
class _Gathering(Generic[Q, A]):
    """Questions that can still be joined by others, and the task that has them answered."""

    asked: list[Asked[Q, A]] = field(default_factory=list)
    task: asyncio.Task[None] | None = None


class Gatherings(Generic[K, Q, A]):
    """Nothing is kept: whoever comes after the others were sent off is answered with the next ones, so that no answer
    is older than its question. Whoever is cancelled cancels nobody else; what nobody waits for any more is given up.

    `answer` settles what was asked under one key, and is given only those that somebody still waits for. What it raises
    goes to all that it didn't settle.
    """

    def __init__(
        self,
        answer: Callable[[K, Sequence[Asked[Q, A]]], Awaitable[None]],
        *,
        gathered_for: timedelta = GATHERED_FOR,
    ) -> None:
        self._answer = answer
        self._gathered_for = gathered_for
        self._open: dict[K, _Gathering[Q, A]] = {}

    async def ask(self, key: K, question: Q) -> A:
        gathering = self._open.get(key)
        if gathering is None:
            gathering = self._open[key] = _Gathering()
            gathering.task = asyncio.create_task(self._run(key, gathering))
        asked: Asked[Q, A] = Asked(question)
        gathering.asked.append(asked)
        try:
            return await asked.answer
        finally:
            self._left(key, gathering)

    def _left(self, key: K, gathering: _Gathering[Q, A]) -> None:
        if gathering.task is not None and all(one.answer.done() for one in gathering.asked):
            self._close(key, gathering)
            gathering.task.cancel()

    def _close(self, key: K, gathering: _Gathering[Q, A]) -> None:
        if self._open.get(key) is gathering:
            del self._open[key]

    async def _run(self, key: K, gathering: _Gathering[Q, A]) -> None:
        try:
            await self._gathered(gathering)
            self._close(key, gathering)  # from now on it is too late to join
            await self._answer(key, [one for one in gathering.asked if not one.answer.done()])
        except Exception as failure:  # noqa: BLE001 - it is theirs who asked, and raised in each
            for one in gathering.asked:
                one.settle(failure)
        finally:
            for one in gathering.asked:
                one.answer.cancel()  # when all of this is cancelled from outside, as a process ends

    async def _gathered(self, gathering: _Gathering[Q, A]) -> None:
        """Returns when a pause has brought nobody, or the first has waited long enough."""
        joined = 0
        for _ in range(MOST_PAUSES):
            if joined == len(gathering.asked):
                return
            joined = len(gathering.asked)
            await asyncio.sleep(self._gathered_for.total_seconds())
