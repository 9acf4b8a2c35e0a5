"""The end of the feed of changes in memory: one look at the database for all who watch, and none for those who wait."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import takewhile
from typing import Final

import structlog

from application.changes.waiting import Waiting
from application.ports.changes import FeedPage, FollowedFeed
from domain.change import Change, ChangeType, CursorExpired, FeedPosition
from domain.ids import ExpertId
from server.logs import described
from server.tasks import task_for_good

MOST_REMEMBERED: Final = 5000
"""Changes; about 2 MB. Who is further behind reads from the database."""
AT_ONCE: Final = 1000
LOOK_AGAIN: Final = timedelta(seconds=5)
"""How often the places of those who wait for a rare change are moved on."""
PAUSE_SECONDS: Final = 1.0
Seen = Callable[[Iterable[Change]], None]
log = structlog.stdlib.get_logger("server.changes")


class FeedTail:
    """See the port. Made by `open_feed_tail`, and open as long as that is.

    While the database is away those who have seen everything go on waiting, and miss nothing.
    """

    def __init__(self, feed: FollowedFeed, *, end: FeedPosition, seen: Seen) -> None:
        self._feed = feed
        self._seen = seen
        self._known_from = end
        self._upto = end
        self._recent: deque[tuple[FeedPosition, Change]] = deque()
        self._waiting = Waiting()
        self._times_forgotten = 0

    async def end(self) -> FeedPosition:
        return await self._feed.end()

    async def after(self, position: FeedPosition, *, of: ExpertId | None, limit: int) -> FeedPage:
        if self._known_from <= position <= self._upto:
            return self._page(position, of, limit)
        return await self._feed.after(position, of=of, limit=limit)

    async def wait(self, position: FeedPosition, *, of: ExpertId | None, at_most: timedelta) -> None:
        if position.history != self._upto.history or position < self._known_from:
            return
        if self._page(position, of, limit=1).changes:
            return
        await self._waiting.wait(of, at_most=at_most)

    def forget(self, expert_id: ExpertId | None) -> None:
        """Drop what is remembered of an expert from before they were erased, and wake who waits for it.

        None: of everybody.
        """
        self._times_forgotten += 1
        if expert_id is None:
            self._recent.clear()
            self._known_from = self._upto
        else:
            self._recent = deque(_without(self._recent, expert_id))
            self._waiting.wake({expert_id})

    async def follow(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - an outermost loop
                log.warning("the feed of changes can't be read, and is tried again", **described(error))
                await asyncio.sleep(PAUSE_SECONDS)

    async def _look(self) -> None:
        await self._feed.wait(self._upto, of=None, at_most=LOOK_AGAIN)
        times_forgotten = self._times_forgotten
        try:
            page = await self._feed.after(self._upto, of=None, limit=AT_ONCE)
        except CursorExpired:
            # Away for longer than changes are kept, or the feed was restarted: everybody who waits must hear of it.
            end = await self._feed.end()
            self._recent.clear()
            self._known_from = self._upto = end
            self._waiting.wake_all()
            await asyncio.sleep(PAUSE_SECONDS)
            return
        if times_forgotten != self._times_forgotten:
            return  # the page may tell of somebody who was erased while it was read: the next look reads it again
        self._remember(page)
        if page.changes:
            self._waiting.wake({None, *(change.expert_id for _, change in page.changes)})

    def _remember(self, page: FeedPage) -> None:
        self._recent.extend(page.changes)
        self._seen([change for _, change in page.changes])
        self._upto = page.upto
        while len(self._recent) > MOST_REMEMBERED:
            self._known_from, _ = self._recent.popleft()

    def _page(self, position: FeedPosition, of: ExpertId | None, limit: int) -> FeedPage:
        newest_first = takewhile(lambda one: one[0] > position, reversed(self._recent))
        found = [one for one in newest_first if of is None or one[1].expert_id == of]
        changes = tuple(found[: -limit - 1 : -1])
        return FeedPage(changes=changes, upto=changes[-1][0] if len(changes) == limit else self._upto)


def _without(
    recent: Collection[tuple[FeedPosition, Change]], erased: ExpertId
) -> Iterator[tuple[FeedPosition, Change]]:
    """Without what came before the erasure: all that is there of the expert, where that is still to be read."""
    of_expert = [one for one in recent if one[1].expert_id == erased]
    erasures = [place for place, change in of_expert if change.type is ChangeType.EXPERT_ERASED]
    return (one for one in recent if one[1].expert_id != erased or (erasures and one[0] >= erasures[-1]))


def _ignored(_changes: Iterable[Change]) -> None:
    """Nobody counts them."""


@asynccontextmanager
async def open_feed_tail(feed: FollowedFeed, *, seen: Seen = _ignored) -> AsyncIterator[FeedTail]:
    """Follows `feed` until the end, and tells `seen` what comes by. Raises StoreUnavailable when it can't be read at
    the start."""
    tail = FeedTail(feed, end=await feed.end(), seen=seen)
    feed.tell_of_erasures(tail.forget)
    async with task_for_good(tail.follow(), name="tail of the feed of changes"):
        yield tail
