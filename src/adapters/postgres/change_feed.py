"""The feed of changes for the watchers of a process: one connection looks for all, and wakes those it concerns."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from adapters.postgres.cells import DEFAULT_CELL, channel
from adapters.postgres.changes import CHANNEL, ERASED_CHANNEL
from adapters.postgres.errors import translated
from adapters.postgres.feed_history import own_end_of_feed
from adapters.postgres.feed_holdup import Holdup
from adapters.postgres.feed_pages import end_of_feed, look_after
from adapters.postgres.pool import Connection, Pool, listening
from application.changes.waiting import Waiting
from application.ports.changes import FeedPage
from domain.change import CursorExpired, FeedPosition
from domain.ids import ExpertId

LOOK_AGAIN = timedelta(seconds=1)
"""How often to look without a notification.

While the connection stands, a change without a notification is at most this late. While no connection can be made,
nobody is woken, and those who wait can look when the time for which they wanted to wait is over.
"""
SETTLE_FIRST = timedelta(milliseconds=20)
"""How soon to look again for changes that wait for an older transaction; doubled each time, up to LOOK_AGAIN."""
GATHER = timedelta(milliseconds=20)
"""How long after one look the next begins at the earliest.

Many commits in a row are seen together: a process that accepts hundreds of sessions a second would spend more on
looking after each than on accepting it. After a rest, a change is looked for at once.
"""
ANSWER_WITHIN = timedelta(seconds=10)
"""A connection that is silent for so long is given up: its other end may be gone without a word."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(milliseconds=100), timedelta(seconds=5)
AT_ONCE = 1000
MOST_REMEMBERED = 10_000
"""For how many experts to remember their last change; about 2 MB."""

_log = logging.getLogger(__name__)


class PostgresChangeFeed:
    """Open as long as `open_change_feed`, which makes it, is."""

    def __init__(self, pool: Pool, *, end: FeedPosition) -> None:
        self._pool = pool
        self._seen = end
        self._known_from = end
        self._last: dict[ExpertId | None, FeedPosition] = {}
        self._waiting = Waiting()
        self._forget: list[Callable[[ExpertId | None], None]] = []
        self._holdup = Holdup()
        self._monotonic = asyncio.get_running_loop().time

    async def end(self) -> FeedPosition:
        async with translated(), self._pool.connection() as connection:
            return await end_of_feed(connection)

    async def after(self, position: FeedPosition, *, of: ExpertId | None, limit: int) -> FeedPage:
        async with translated(), self._pool.connection() as connection:
            return (await look_after(connection, position, of=of, limit=limit)).page

    async def wait(self, position: FeedPosition, *, of: ExpertId | None, at_most: timedelta) -> None:
        if position.history != self._seen.history or position < self._known_from:
            return
        if position < self._last.get(of, position):
            return
        await self._waiting.wait(of, at_most=at_most)

    @property
    def held_up_seconds(self) -> float:
        """For how long changes have waited for a transaction that stays open; 0 while they wait for none."""
        return self._holdup.seconds(self._monotonic())

    def tell_of_erasures(self, forget: Callable[[ExpertId | None], None]) -> None:
        self._forget.append(forget)

    def erased(self, expert_id: ExpertId | None) -> None:
        """Tell those who remember changes whom to forget; None when erasures may have gone unheard.

        What is remembered here are places only, of the erasure itself among them.
        """
        if expert_id is None:
            self._last.clear()
            self._known_from = self._seen
        for forget in self._forget:
            forget(expert_id)
        if expert_id is not None:
            self._waiting.wake({expert_id})

    async def catch_up(self, connection: Connection) -> bool:
        """Wake everybody for whom something came; whether to look again soon, for what can't be read yet."""
        while True:
            try:
                look = await look_after(connection, self._seen, of=None, limit=AT_ONCE)
            except CursorExpired:
                # Away for longer than changes are kept, or now on another database: all must look for themselves.
                self._known_from = self._seen = await own_end_of_feed(connection, seen=self._seen)
                self._last.clear()
                self._holdup = Holdup()
                self._waiting.wake_all()
                return True
            self._seen = look.page.upto
            self._remember(look.page)
            if look.page.changes:
                self._waiting.wake({None, *(change.expert_id for _, change in look.page.changes)})
            if len(look.page.changes) < AT_ONCE:
                self._holdup.look(look, now=asyncio.get_running_loop().time())
                return look.waiting is not None

    def _remember(self, page: FeedPage) -> None:
        for position, change in page.changes:
            self._last[change.expert_id] = self._last[None] = position
        if len(self._last) > MOST_REMEMBERED:
            self._last.clear()
            self._known_from = self._seen


@asynccontextmanager
async def open_change_feed(
    dsn: str, pool: Pool, *, cell: str = DEFAULT_CELL
) -> AsyncIterator[PostgresChangeFeed]:
    """A feed with its own connection to `dsn`, reopened whenever it breaks. Raises StoreUnavailable."""
    async with translated(), pool.connection() as connection:
        feed = PostgresChangeFeed(pool, end=await own_end_of_feed(connection))
    watching = asyncio.create_task(_watch_for_good(feed, dsn, cell), name="change feed")
    try:
        yield feed
    finally:
        # Up to Python 3.11 a cancellation that meets the end of psycopg's own waiting is lost (cpython issue 86296).
        while not watching.done():
            watching.cancel()
            await asyncio.wait([watching], timeout=FIRST_PAUSE.total_seconds())


async def _watch_for_good(feed: PostgresChangeFeed, dsn: str, cell: str) -> None:
    pause = FIRST_PAUSE
    while True:
        try:
            async with listening(dsn, CHANNEL, ERASED_CHANNEL, cell=cell, name="changes") as connection:
                pause = FIRST_PAUSE
                feed.erased(None)
                # The connection may have broken because the address is another server's now.
                await own_end_of_feed(connection)
                await _watch(feed, connection, erased=channel(ERASED_CHANNEL, cell))
        except Exception as error:  # noqa: BLE001 - an outermost loop
            _log.warning("the change feed lost its connection, and makes a new one: %s", type(error).__name__)
        await asyncio.sleep(pause.total_seconds() * random.uniform(0.5, 1))  # noqa: S311 - spreads, hides nothing
        pause = min(pause * 2, LONGEST_PAUSE)


async def _watch(feed: PostgresChangeFeed, connection: Connection, *, erased: str) -> None:
    settling = SETTLE_FIRST
    while True:
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
            unsettled = await feed.catch_up(connection)
        settling = min(settling * 2, LOOK_AGAIN) if unsettled else SETTLE_FIRST
        at_most = settling if unsettled else LOOK_AGAIN
        await asyncio.sleep(GATHER.total_seconds())
        async for heard in connection.notifies(timeout=(at_most - GATHER).total_seconds(), stop_after=1):
            settling = SETTLE_FIRST
            if heard.channel == erased:
                feed.erased(ExpertId(heard.payload))
