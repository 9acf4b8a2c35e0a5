"""Graph's limits per mailbox: four requests at once, and silence for as long as it asks for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from application.ports.clock import Clock
from domain.access import ProviderUnavailable

AT_ONCE = 4
"""Outlook's limit of concurrent requests per app and mailbox (Microsoft Graph service-specific throttling limits)."""

SHORT_WAIT = timedelta(seconds=2)
"""A silence up to this is waited out inside the call; a longer one is the caller's to plan."""

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=60)


@dataclass(kw_only=True)
class _Gate:
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    users: int = 0
    closed_until: datetime | None = None
    refusals: int = 0


class MailboxGates:
    """One gate per mailbox, shared by everything in the process that talks to it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._gates: dict[str, _Gate] = {}

    def __len__(self) -> int:
        """How many mailboxes are remembered: those in use, and those that want to be left alone."""
        return len(self._gates)

    @asynccontextmanager
    async def passage(self, mailbox: str) -> AsyncIterator[None]:
        """Hold one of the mailbox's places for one request.

        Raises ProviderUnavailable (throttled) at once while Graph wants the mailbox left alone for long.
        """
        gate = self._gates.setdefault(mailbox, _Gate())
        gate.users += 1
        try:
            await self._wait_out(gate)
            async with gate.slots:
                # Those who held the slots meanwhile may have been told to wait.
                await self._wait_out(gate)
                yield
        finally:
            gate.users -= 1
            self._forget_idle(mailbox, gate)

    def refused(self, mailbox: str, retry_after: timedelta | None) -> timedelta:
        """Remember that Graph throttled the mailbox; without its own wish the pause doubles each time."""
        gate = self._gates.setdefault(mailbox, _Gate())
        gate.refusals += 1
        pause = retry_after
        if pause is None:
            pause = min(FIRST_PAUSE * 2 ** min(gate.refusals - 1, 10), LONGEST_PAUSE)
        until = self._clock.now() + pause
        gate.closed_until = max(until, gate.closed_until or until)
        return pause

    def accepted(self, mailbox: str) -> None:
        """Remember that Graph serves the mailbox."""
        if gate := self._gates.get(mailbox):
            gate.refusals = 0

    async def _wait_out(self, gate: _Gate) -> None:
        left = self._left(gate)
        if left > SHORT_WAIT:
            raise ProviderUnavailable(retry_after=left, throttled=True)
        if left > timedelta():
            await asyncio.sleep(left.total_seconds())

    def _left(self, gate: _Gate) -> timedelta:
        if gate.closed_until is None:
            return timedelta()
        return max(gate.closed_until - self._clock.now(), timedelta())

    def _forget_idle(self, mailbox: str, gate: _Gate) -> None:
        if gate.users == 0 and gate.refusals == 0 and self._left(gate) == timedelta():
            self._gates.pop(mailbox, None)
