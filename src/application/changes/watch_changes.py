"""Follow the feed of changes, of one expert or of all, from a place in it or from now on."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from application.ports.changes import ChangeFeed, FeedPage
from application.ports.clock import Clock
from application.ports.store import Store, StoreUnavailable
from domain.change import ChangeType, FeedPosition
from domain.ids import ExpertId

AT_ONCE = 200
HEARTBEAT = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchChanges:
    store: Store
    clock: Clock
    feed: ChangeFeed

    async def __call__(
        self, expert_id: ExpertId | None, position: FeedPosition | None
    ) -> AsyncGenerator[FeedPage, None]:
        """Pages without end. One without changes is a heartbeat: the first page is, and one comes every 20 seconds.

        Raises ExpertNotFound, also later: when the expert is erased or has left the cell, or with the next heartbeat.
        Raises CursorExpired.
        """
        if expert_id is not None:
            async with self.store.transaction() as tx:
                await tx.experts.get(expert_id)
        place = await self.feed.end() if position is None else position
        if position is not None:
            await self.feed.after(place, of=expert_id, limit=1)  # says at once when it is too old
        yield FeedPage(changes=(), upto=place)
        beat_at = self.clock.now() + HEARTBEAT
        while True:
            pause = max(beat_at - self.clock.now(), timedelta())
            await self.feed.wait(place, of=expert_id, at_most=pause)
            page = await self.feed.after(place, of=expert_id, limit=AT_ONCE)
            place = page.upto
            if expert_id is not None and _may_be_the_last(page):
                await self._look_for(expert_id)
            now = self.clock.now()
            if page.changes or now >= beat_at:
                yield page
                beat_at = now + HEARTBEAT
            if expert_id is not None and any(one.type is ChangeType.EXPERT_MOVED for _, one in page.changes):
                await self._look_for(expert_id)

    async def _look_for(self, expert_id: ExpertId) -> None:
        # An outage doesn't end a stream that has nothing to send; the next heartbeat checks again.
        with suppress(StoreUnavailable):
            async with self.store.transaction() as tx:
                await tx.experts.get(expert_id)


def _may_be_the_last(page: FeedPage) -> bool:
    """Of an expert: nothing came, though somebody woke us or it is time for a heartbeat; or they were erased."""
    return not page.changes or any(one.type is ChangeType.EXPERT_ERASED for _, one in page.changes)
