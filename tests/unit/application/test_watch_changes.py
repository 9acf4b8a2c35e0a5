"""Following the feed: from now on or from a place in it, without loss, without repeats, and never in silence."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from application.changes.watch_changes import AT_ONCE, HEARTBEAT, WatchChanges
from application.ports.changes import FeedPage
from domain.change import Change, ChangeType, CursorExpired, FeedPosition
from domain.expert import ExpertNotFound
from domain.ids import ExpertId
from tests.builders import EXPERT, a_change, an_expert
from tests.fakes.changes import FakeChangeFeed
from tests.fakes.store import FakeStore
from tests.support.application import CHANGES_KEPT, Application

OTHER = ExpertId("expert-2")
SOON = 1.0
"""Seconds: far more than any of these needs, where nothing has to be waited for."""


class Watcher:
    """A stream somebody reads from."""

    def __init__(self, pages: AsyncIterator[FeedPage]) -> None:
        self._pages = pages
        self.place = FeedPosition(0, 0, 0)

    async def next_page(self) -> FeedPage:
        page = await asyncio.wait_for(anext(self._pages), SOON)
        assert page.upto >= self.place, "a place never goes back"
        self.place = page.upto
        return page

    async def changes(self, count: int) -> list[Change]:
        """The next so many, on however many pages."""
        found: list[Change] = []
        while len(found) < count:
            found += [change for _, change in (await self.next_page()).changes]
        return found


@pytest.fixture
async def everybody(app: Application) -> Application:
    await app.add_expert(OTHER)
    return app


async def watch(
    app: Application, expert_id: ExpertId | None = EXPERT, *, position: FeedPosition | None = None
) -> Watcher:
    """From the first page on, which says that the watch has begun."""
    watcher = Watcher(app.watch_changes(expert_id, position))
    assert (await watcher.next_page()).changes == ()
    return watcher


async def tell(app: Application, *changes: Change) -> None:
    async with app.store.transaction() as tx:
        for change in changes:
            await tx.changes.add(change)


def numbered(count: int, *, expert_id: str = EXPERT, start: int = 0) -> list[Change]:
    """Changes that can be told apart."""
    return [
        a_change(ChangeType.SESSION_WRITTEN, expert_id=expert_id, session_id=f"session-{number}")
        for number in range(start, start + count)
    ]


async def test_a_watch_without_a_cursor_begins_now(everybody: Application) -> None:
    past, future = numbered(2)
    await tell(everybody, past)
    watcher = await watch(everybody)

    await tell(everybody, future)

    assert await watcher.changes(1) == [future]


async def test_what_came_between_two_watches_is_not_lost(everybody: Application) -> None:
    first, second, third = numbered(3)
    watcher = await watch(everybody)
    await tell(everybody, first)
    await watcher.changes(1)
    await tell(everybody, second)

    resumed = await watch(everybody, position=watcher.place)
    await tell(everybody, third)

    assert await resumed.changes(2) == [second, third]


async def test_a_watch_resumed_within_a_transaction_goes_on_behind_the_last_one_seen(
    everybody: Application,
) -> None:
    changes = numbered(5)
    watcher = await watch(everybody)
    await tell(everybody, *changes)
    page = await watcher.next_page()
    place, seen = page.changes[2]

    resumed = await watch(everybody, position=place)

    assert seen == changes[2]
    assert await resumed.changes(2) == changes[3:]


async def test_more_than_a_page_holds_comes_in_order_and_once(everybody: Application) -> None:
    watcher = await watch(everybody)
    changes = numbered(2 * AT_ONCE + 7)
    await tell(everybody, *changes)

    assert await watcher.changes(len(changes)) == changes


async def test_a_watcher_of_one_expert_hears_of_no_other(everybody: Application) -> None:
    watcher = await watch(everybody, EXPERT)
    (mine,) = numbered(1)
    await tell(everybody, *numbered(3, expert_id=OTHER))
    await tell(everybody, mine)

    assert await watcher.changes(1) == [mine]


async def test_a_watcher_of_all_hears_of_everybody_in_one_order(everybody: Application) -> None:
    watcher = await watch(everybody, None)
    changes = [one for number in range(5) for one in numbered(1, start=number)]
    changes += numbered(5, expert_id=OTHER)
    for change in changes:
        await tell(everybody, change)

    assert await watcher.changes(10) == changes


@pytest.fixture
def waits(everybody: Application, monkeypatch: pytest.MonkeyPatch) -> list[timedelta]:
    """Nobody waits in earnest: the clock moves on by 15 seconds, or by as long as was asked for if that is less."""
    asked: list[timedelta] = []

    async def wait(
        _: FakeChangeFeed, position: FeedPosition, *, of: ExpertId | None, at_most: timedelta
    ) -> None:
        asked.append(at_most)
        if at_most:
            everybody.clock.advance(min(at_most, timedelta(seconds=15)))

    monkeypatch.setattr(FakeChangeFeed, "wait", wait)
    return asked


async def test_silence_is_broken_by_a_heartbeat(everybody: Application, waits: list[timedelta]) -> None:
    watcher = await watch(everybody)
    begun_at = everybody.clock.now()

    assert (await watcher.next_page()).changes == ()

    assert everybody.clock.now() - begun_at == HEARTBEAT
    assert waits == [HEARTBEAT, timedelta(seconds=5)]


@pytest.mark.usefixtures("waits")
async def test_a_heartbeat_moves_the_cursor_past_what_does_not_concern_the_watcher(
    everybody: Application,
) -> None:
    watcher = await watch(everybody, EXPERT)
    before = watcher.place
    await tell(everybody, *numbered(3, expert_id=OTHER))
    await watcher.next_page()
    assert watcher.place > before

    everybody.clock.advance(CHANGES_KEPT + timedelta(seconds=1))
    await everybody.forget_ended()
    resumed = await watch(everybody, EXPERT, position=watcher.place)
    (mine,) = numbered(1)
    await tell(everybody, mine)
    assert await resumed.changes(1) == await watcher.changes(1) == [mine]


async def test_a_cursor_whose_changes_are_kept_no_more_is_refused_at_once(everybody: Application) -> None:
    watcher = await watch(everybody)
    await tell(everybody, *numbered(1))
    everybody.clock.advance(CHANGES_KEPT + timedelta(seconds=1))
    await everybody.forget_ended()

    with pytest.raises(CursorExpired):
        await watch(everybody, position=watcher.place)


async def test_an_unknown_expert_cannot_be_watched(everybody: Application) -> None:
    with pytest.raises(ExpertNotFound):
        await watch(everybody, ExpertId("nobody"))


async def test_the_watch_of_an_expert_who_is_erased_ends_at_once(everybody: Application) -> None:
    watcher, of_all = await watch(everybody), await watch(everybody, None)
    (theirs,) = numbered(1, expert_id=OTHER)

    async with everybody.running(watcher.next_page()) as waiting:
        for _ in range(5):
            await asyncio.sleep(0)
        await everybody.delete_expert(EXPERT)
        with pytest.raises(ExpertNotFound):
            await waiting
    await tell(everybody, theirs)

    erased, last = await of_all.changes(2)
    assert (erased.type, erased.expert_id) == (ChangeType.EXPERT_ERASED, EXPERT)
    assert last == theirs


async def test_the_watch_of_an_expert_who_came_back_goes_on_and_tells_of_the_erasure(
    everybody: Application,
) -> None:
    watcher = await watch(everybody)
    await everybody.delete_expert(EXPERT)
    await everybody.add_expert()
    (later,) = numbered(1)
    await tell(everybody, later)

    erased, last = await watcher.changes(2)
    assert (erased.type, last) == (ChangeType.EXPERT_ERASED, later)


@pytest.mark.usefixtures("waits")
async def test_an_erasure_that_went_unheard_ends_the_watch_with_the_next_heartbeat(
    everybody: Application,
) -> None:
    watcher = await watch(everybody)
    begun_at = everybody.clock.now()
    await everybody.delete_expert(EXPERT)

    with pytest.raises(ExpertNotFound):
        await watcher.next_page()

    assert everybody.clock.now() - begun_at <= HEARTBEAT


@pytest.mark.usefixtures("waits")
async def test_an_outage_ends_no_watch_that_has_nothing_to_tell(everybody: Application) -> None:
    store = FakeStore()
    async with store.transaction() as tx:
        await tx.experts.put(an_expert())
    watch_changes = WatchChanges(store=store, clock=everybody.clock, feed=everybody.store.feed)
    watcher = Watcher(watch_changes(EXPERT, None))
    await watcher.next_page()

    store.away = True

    assert (await watcher.next_page()).changes == ()
    assert (await watcher.next_page()).changes == ()


async def test_a_slow_reader_holds_nobody_up_and_loses_nothing(everybody: Application) -> None:
    slow, quick = await watch(everybody), await watch(everybody)
    changes = numbered(2 * AT_ONCE)
    for change in changes:
        await tell(everybody, change)
        assert await quick.changes(1) == [change]

    assert await slow.changes(len(changes)) == changes


async def test_a_watcher_who_leaves_is_missed_by_nobody(everybody: Application) -> None:
    leaving, staying = await watch(everybody), await watch(everybody)
    (change,) = numbered(1)
    async with everybody.running(leaving.next_page()) as waiting:
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])

    await tell(everybody, change)

    assert await staying.changes(1) == [change]
