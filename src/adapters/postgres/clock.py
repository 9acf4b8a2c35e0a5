"""The database's clock: the one that all processes agree on, however wrong those of their machines are."""

import asyncio
import logging
import time
from datetime import datetime, timedelta
from typing import Final

from adapters.postgres.errors import translated
from adapters.postgres.pool import Connection, Pool
from application.ports.store import StoreUnavailable

SET_EVERY: Final = timedelta(seconds=30)
STEPS_BACK: Final = timedelta(seconds=1)
"""Up to this much the clock stands still instead of going back; beyond it, the database's own clock was set back."""
ASKED: Final = 3
"""Of so many answers the one that took the shortest is believed: it was under way for no longer than that."""
_log = logging.getLogger(__name__)


class PostgresClock:
    """See the port. Made by `open_clock`, and kept right by `keep`; between two questions seconds are counted here.

    A reading's age is one process's time and a question's limit another's: by machines' own clocks, one that is
    minutes ahead would make a look of before count as one of now.
    """

    def __init__(self, there: datetime, here: float) -> None:
        self._there = there
        self._here = here
        self._earliest = there

    def now(self) -> datetime:
        return max(self._there + timedelta(seconds=_counted() - self._here), self._earliest)

    async def keep(self, pool: Pool) -> None:
        """Sets it again and again, for good; while the database can't be asked, or refuses, it goes on by itself."""
        while True:
            await asyncio.sleep(SET_EVERY.total_seconds())
            try:
                self.set(*await _asked(pool))
            except StoreUnavailable:
                continue
            except Exception as error:  # noqa: BLE001 - an outermost loop: it would never be set again
                _log.warning("the clock can't be set by the database's: %s", type(error).__name__)

    def set(self, there: datetime, here: float) -> None:
        """What the database's clock said when ours had counted so many seconds."""
        shown = self.now()
        self._there, self._here, self._earliest = there, here, there
        if self.now() < shown <= self.now() + STEPS_BACK:
            self._earliest = shown


async def open_clock(pool: Pool) -> PostgresClock:
    """Raises StoreUnavailable."""
    return PostgresClock(*await _asked(pool))


async def _asked(pool: Pool) -> tuple[datetime, float]:
    async with translated(), pool.connection() as connection:
        answers = [await _answer(connection) for _ in range(ASKED)]
    _, there, here = min(answers)
    return there, here


async def _answer(connection: Connection) -> tuple[float, datetime, float]:
    """How long it took, what the clock there said, and what ours did in the middle of that."""
    before = _counted()
    cursor = await connection.execute("SELECT clock_timestamp() AS there")
    row = await cursor.fetchone()
    after = _counted()
    assert row is not None
    return after - before, row["there"], (before + after) / 2


def _counted() -> float:
    """Seconds, of those that a machine slept, too, where it counts them; nobody sets this clock."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
