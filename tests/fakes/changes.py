"""A fake of the changes and of the feed they are read from."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile

from application.ports.changes import REMOVED_AT_ONCE, FeedPage
from domain.change import Change, CursorExpired, FeedPosition
from domain.ids import ExpertId
from tests.fakes.tables import HISTORY, Tables


@dataclass(frozen=True, slots=True)
class FakeChanges:
    tables: Tables

    async def add(self, change: Change) -> None:
        self.tables.changes_given += 1
        place = FeedPosition(HISTORY, self.tables.transaction, self.tables.changes_given)
        self.tables.changes.append((place, change))

    async def remove_before(self, at: datetime, limit: int = REMOVED_AT_ONCE) -> int:
        settled = takewhile(lambda one: one[0] < _end_before(self.tables), self.tables.changes)
        gone = list(islice(takewhile(lambda one: one[1].at < at, settled), limit))
        self.tables.changes = self.tables.changes[len(gone) :]
        self.tables.changes_removed = max([self.tables.changes_removed, *(place for place, _ in gone)])
        return len(gone)


class FakeChangeFeed:
    """`committed` gives the tables as last committed; the store calls `wake` when they have changed."""

    def __init__(self, committed: Callable[[], Tables]) -> None:
        self._committed = committed
        self._changed = asyncio.Event()
        self._erased: list[ExpertId] = []
        self._forget: list[Callable[[ExpertId | None], None]] = []

    async def end(self) -> FeedPosition:
        return _end_after(self._committed())

    async def after(self, position: FeedPosition, *, of: ExpertId | None, limit: int) -> FeedPage:
        tables = self._committed()
        if position.history != HISTORY or not tables.changes_removed <= position <= _end_after(tables):
            raise CursorExpired
        changes = tuple(
            (place, change)
            for place, change in tables.changes
            if place > position and of in {None, change.expert_id}
        )[:limit]
        full = len(changes) == limit
        return FeedPage(changes=changes, upto=changes[-1][0] if full else _end_after(tables))

    async def wait(self, position: FeedPosition, *, of: ExpertId | None, at_most: timedelta) -> None:
        times_erased = self._erased.count(of) if of else 0
        try:
            async with asyncio.timeout(at_most.total_seconds()):
                while not self._may_have(position, of) and (not of or self._erased.count(of) == times_erased):
                    await self._changed.wait()
        except TimeoutError:
            pass

    def tell_of_erasures(self, forget: Callable[[ExpertId | None], None]) -> None:
        self._forget.append(forget)

    def erased(self, expert_id: ExpertId | None) -> None:
        """An expert is gone, or some may be."""
        if expert_id is not None:
            self._erased.append(expert_id)
        for forget in self._forget:
            forget(expert_id)

    def wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _may_have(self, position: FeedPosition, of: ExpertId | None) -> bool:
        tables = self._committed()
        return (
            position.history != HISTORY
            or position < tables.changes_removed
            or any(place > position and of in {None, change.expert_id} for place, change in tables.changes)
        )


def _end_after(tables: Tables) -> FeedPosition:
    return FeedPosition(HISTORY, tables.transaction + 1, 0)


def _end_before(tables: Tables) -> FeedPosition:
    """What the transaction that is working on these tables finds settled."""
    return FeedPosition(HISTORY, tables.transaction, 0)
