"""Read the feed of changes page by page, for those who can't hold a stream."""

from dataclasses import dataclass

from application.ports.changes import ChangeFeed, FeedPage
from application.ports.store import Store
from domain.change import FeedPosition
from domain.ids import ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChanges:
    store: Store
    feed: ChangeFeed

    async def __call__(
        self, expert_id: ExpertId | None, position: FeedPosition | None, *, limit: int
    ) -> FeedPage:
        """The next changes, `limit` at most; without a position none, and the place from which on all are to come.

        Raises ExpertNotFound, CursorExpired.
        """
        if expert_id is not None:
            async with self.store.transaction() as tx:
                await tx.experts.get(expert_id)
        if position is None:
            return FeedPage(changes=(), upto=await self.feed.end())
        return await self.feed.after(position, of=expert_id, limit=limit)
