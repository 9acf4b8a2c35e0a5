"""A fake of the census."""

import asyncio
from collections.abc import Callable

from adapters.postgres.migrate import needed_version
from tests.fakes.tables import Tables


class FakeCensus:
    """`schema` is what its database has. With `hold`, the database answers once that is set."""

    def __init__(self, *, committed: Callable[[], Tables]) -> None:
        self._committed = committed
        self._under_way = 0
        self.schema = needed_version()
        self.hold: asyncio.Event | None = None
        self.asked = asyncio.Event()
        self.most_at_once = 0

    async def schema_version(self) -> str:
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        self.asked.set()
        try:
            if self.hold is not None:
                await self.hold.wait()
        finally:
            self._under_way -= 1
        self._committed()
        return self.schema
