"""Hears that rows have become due: one listening connection for all lanes of a process."""

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Never

from adapters.postgres.cells import DEFAULT_CELL
from adapters.postgres.pool import Connection, listening

CHANNEL: Final = "calendarsync_due"
"""As in the database's function `wake_workers`; what is told there is the kind of work."""
ASKED_EVERY: Final = timedelta(seconds=10)
"""How often a silent connection is asked whether it still stands."""
ANSWER_WITHIN: Final = timedelta(seconds=5)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(milliseconds=100), timedelta(seconds=5)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresWakeUps:
    dsn: str
    cell: str = DEFAULT_CELL

    async def listen(self, wake: Callable[[str | None], None]) -> Never:
        """Until cancelled; calls `wake` with each kind of work that it hears of, or with None when it may have missed
        any, as at the start and after each outage."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with listening(self.dsn, CHANNEL, cell=self.cell, name="wake-ups") as connection:
                    wake(None)
                    pause = FIRST_PAUSE
                    await _hear(connection, wake)
            except Exception as error:  # noqa: BLE001 - an outermost loop
                _log.warning(
                    "wake-ups can't be heard, and a new connection is made: %s", type(error).__name__
                )
            await asyncio.sleep(pause.total_seconds() * random.uniform(0.5, 1))  # noqa: S311 - spreads, hides nothing
            pause = min(pause * 2, LONGEST_PAUSE)


async def _hear(connection: Connection, wake: Callable[[str | None], None]) -> None:
    while True:
        async for heard in connection.notifies(timeout=ASKED_EVERY.total_seconds()):
            wake(heard.payload)
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
            await connection.execute("SELECT")
