"""Limits of those in whose name we ask, such as a mailbox, a person or our own project: so many requests at once, so
many a minute, and silence for as long as the provider asks for.

Nothing here knows how a provider says that it is too much: Graph has a status for it, Google a reason.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from adapters.web.sliding_window import SlidingWindow
from application.ports.clock import Clock
from domain.access import ProviderUnavailable

SHORT_WAIT = timedelta(seconds=2)
"""A wait up to this takes place inside the call; a longer one is the caller's to plan."""

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=60)

_MINUTE = timedelta(minutes=1)


@dataclass(kw_only=True)
class _Gate:
    places: AbstractAsyncContextManager[None]
    minute: SlidingWindow | None
    users: int = 0
    closed_until: datetime | None = None
    refusals: int = 0


class RequestGates:
    """One gate per name, shared by everything in the process that asks in that name.

    `at_once` bounds the requests under way, `per_minute` those that begin within any minute; None is no bound. A pause
    that we choose ourselves begins with `first_pause`, doubles up to `longest_pause`, and is longer by anything up to
    `jitter`, anew each time. `doubts_wishes` is for a provider that asks for less than it needs: its wish counts where
    it is longer than the pause of our own.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        at_once: int | None,
        per_minute: int | None = None,
        jitter: timedelta = timedelta(),
        first_pause: timedelta = FIRST_PAUSE,
        longest_pause: timedelta = LONGEST_PAUSE,
        doubts_wishes: bool = False,
    ) -> None:
        self._clock = clock
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._doubts_wishes = doubts_wishes
        self._jitter = jitter
        self._at_once = at_once
        self._per_minute = per_minute
        self._gates: dict[str, _Gate] = {}
        """The one used last stands last."""

    def __len__(self) -> int:
        """How many names are remembered: those in use, those that want to be left alone, and those whose minute is not
        over."""
        return len(self._gates)

    @asynccontextmanager
    async def passage(self, name: str) -> AsyncIterator[None]:
        """Hold one of the name's places for one request.

        Raises ProviderUnavailable (throttled) at once while the provider wants it left alone for long, or its minute is
        used up for long.
        """
        gate = self._gate(name)
        gate.users += 1
        try:
            await self._wait_out(gate)
            async with gate.places:
                # Those who held the places meanwhile may have been told to wait.
                await self._wait_out(gate)
                await self._take_turn(gate)
                yield
        finally:
            gate.users -= 1
            self._forget_idle(name)

    def refused(self, name: str, retry_after: timedelta | None) -> timedelta:
        """Remember that it was too much; without the provider's own wish the pause doubles each time."""
        gate = self._gate(name)
        gate.refusals += 1
        pause = retry_after
        if pause is None or self._doubts_wishes:
            own = min(self._first_pause * 2 ** min(gate.refusals - 1, 10), self._longest_pause)
            own += self._jitter * random.random()  # noqa: S311 - spreads only
            pause = max(own, pause or own)
        until = self._clock.now() + pause
        gate.closed_until = max(until, gate.closed_until or until)
        return pause

    def accepted(self, name: str) -> None:
        """Remember that the provider serves it."""
        if gate := self._gates.get(name):
            gate.refusals = 0

    def _gate(self, name: str) -> _Gate:
        gate = self._gates.pop(name, None)
        for resting in tuple(islice(self._gates, 2)):
            self._forget_idle(resting)
        self._gates[name] = gate = gate or _Gate(
            places=nullcontext() if self._at_once is None else asyncio.Semaphore(self._at_once),
            minute=SlidingWindow(most=self._per_minute, length=_MINUTE) if self._per_minute else None,
        )
        return gate

    async def _wait_out(self, gate: _Gate) -> None:
        await _pause(self._silence(gate))

    async def _take_turn(self, gate: _Gate) -> None:
        if gate.minute is None:
            return
        while left := gate.minute.wait(self._clock.now()):
            await _pause(left)
        gate.minute.add(self._clock.now())

    def _silence(self, gate: _Gate) -> timedelta:
        if gate.closed_until is None:
            return timedelta()
        return max(gate.closed_until - self._clock.now(), timedelta())

    def _forget_idle(self, name: str) -> None:
        gate = self._gates[name]
        if gate.users or gate.refusals or self._silence(gate):
            return
        if gate.minute is None or gate.minute.is_empty(self._clock.now()):
            del self._gates[name]


async def _pause(left: timedelta) -> None:
    if left > SHORT_WAIT:
        raise ProviderUnavailable(retry_after=left, throttled=True)
    if left:
        await asyncio.sleep(left.total_seconds())
