"""The end of the feed in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.ports.changes import FeedPage
from application.ports.store import StoreUnavailable
from domain.change import Change, ChangeType, CursorExpired, FeedPosition
from domain.ids import ExpertId
from server.runtime import feed_tail
from server.runtime.feed_tail import FeedTail, open_feed_tail
from tests.builders import a_change, an_expert
from tests.fakes.changes import FakeChangeFeed
from tests.fakes.store import FakeStore
from tests.fakes.tables import HISTORY

ALWAYS = timedelta(seconds=10)
MINE, THEIRS = ExpertId("mine"), ExpertId("theirs")


@dataclass(slots=True)
class CountedFeed:
    """Counts what is asked of the feed below."""

    feed: FakeChangeFeed
    looks: int = 0
    away: bool = False
    expired: bool = False
    holds_back: asyncio.Event = field(default_factory=asyncio.Event)
    """Pages read are handed over once this is set."""

    def __post_init__(self) -> None:
        self.holds_back.set()

    async def end(self) -> FeedPosition:
        return await self.feed.end()

    async def after(self, position: FeedPosition, *, of: ExpertId | None, limit: int) -> FeedPage:
        self.looks += 1
        if self.away:
            raise StoreUnavailable
        if self.expired:
            raise CursorExpired
        page = await self.feed.after(position, of=of, limit=limit)
        await self.holds_back.wait()
        return page

    async def wait(self, position: FeedPosition, *, of: ExpertId | None, at_most: timedelta) -> None:
        if self.expired:
            await asyncio.sleep(0)
        else:
            await self.feed.wait(position, of=of, at_most=at_most)

    def tell_of_erasures(self, forget: Callable[[ExpertId | None], None]) -> None:
        self.feed.tell_of_erasures(forget)


@dataclass(slots=True)
class Watched:
    tail: FeedTail
    below: CountedFeed
    store: FakeStore = field(repr=False)

    async def happens(self, *changes: Change) -> None:
        async with self.store.transaction() as tx:
            for change in changes:
                await tx.changes.add(change)

    async def exist(self, *expert_ids: ExpertId) -> None:
        async with self.store.transaction() as tx:
            for expert_id in expert_ids:
                await tx.experts.put(an_expert(expert_id))

    async def erased(self, expert_id: ExpertId) -> None:
        async with self.store.transaction() as tx:
            await tx.experts.remove(expert_id)

    async def heard(self, position: FeedPosition, *, of: ExpertId | None = None) -> FeedPage:
        """The next page that has something in it."""
        async with asyncio.timeout(10):
            while True:
                await self.tail.wait(position, of=of, at_most=ALWAYS)
                page = await self.tail.after(position, of=of, limit=200)
                if page.changes:
                    return page
                position = page.upto


@pytest.fixture
async def watched(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    monkeypatch.setattr(feed_tail, "PAUSE_SECONDS", 0.05)
    store = FakeStore()
    below = CountedFeed(store.feed)
    async with open_feed_tail(below) as tail:
        yield Watched(tail=tail, below=below, store=store)


async def test_a_thousand_watchers_cost_one_look(watched: Watched) -> None:
    start = await watched.tail.end()
    watchers = [asyncio.create_task(watched.heard(start)) for _ in range(1000)]
    await asyncio.sleep(0)
    before = watched.below.looks

    await watched.happens(_mine("one"))
    pages = await asyncio.gather(*watchers)

    assert {_sessions(page) for page in pages} == {("one",)}
    assert watched.below.looks == before + 1


async def test_who_waits_for_one_expert_is_left_alone_by_others(watched: Watched) -> None:
    start = await watched.tail.end()
    mine = asyncio.create_task(watched.heard(start, of=MINE))
    everybody = asyncio.create_task(watched.heard(start))
    await asyncio.sleep(0)

    await watched.happens(_theirs("theirs"))
    assert _sessions(await everybody) == ("theirs",)
    assert not mine.done()
    await watched.happens(_mine("mine"))

    assert _sessions(await mine) == ("mine",)


async def test_who_is_far_behind_reads_from_the_database(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_tail, "MOST_REMEMBERED", 10)
    start = place = await watched.tail.end()
    for number in range(30):
        await watched.happens(_mine(str(number)))
        place = (await watched.heard(place)).upto

    page = await watched.tail.after(start, of=None, limit=200)

    assert _sessions(page) == tuple(str(number) for number in range(30))


async def test_nothing_is_asked_for_a_place_that_is_remembered(watched: Watched) -> None:
    start = await watched.tail.end()
    await watched.happens(_mine("one"), _theirs("two"), _mine("three"))
    page = await watched.heard(start)
    first, second, third = (place for place, _ in page.changes)
    before = watched.below.looks

    assert _sessions(await watched.tail.after(first, of=None, limit=200)) == ("two", "three")
    assert _sessions(await watched.tail.after(first, of=MINE, limit=200)) == ("three",)
    assert _sessions(await watched.tail.after(third, of=None, limit=200)) == ()
    assert watched.below.looks == before
    assert first < second < third


async def test_a_page_is_no_longer_than_asked_and_the_next_goes_on_from_it(watched: Watched) -> None:
    start = await watched.tail.end()
    await watched.happens(*(_mine(str(number)) for number in range(5)))
    await watched.heard(start)

    one = await watched.tail.after(start, of=None, limit=2)
    two = await watched.tail.after(one.upto, of=None, limit=2)
    three = await watched.tail.after(two.upto, of=None, limit=2)

    assert [*_sessions(one), *_sessions(two), *_sessions(three)] == list("01234")
    assert one.upto == one.changes[-1][0]


async def test_a_place_that_nobody_gave_is_looked_up(watched: Watched) -> None:
    with pytest.raises(CursorExpired):
        await watched.tail.after(FeedPosition(HISTORY, 10**12, 0), of=None, limit=1)


async def test_a_database_that_is_away_for_a_moment_costs_those_who_wait_nothing(watched: Watched) -> None:
    start = await watched.tail.end()
    await watched.happens(_mine("before"))
    caught_up = (await watched.heard(start)).upto
    watched.below.away = True
    waiting = asyncio.create_task(watched.heard(caught_up))
    await watched.happens(_mine("meanwhile"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not waiting.done()

    watched.below.away = False

    assert _sessions(await waiting) == ("meanwhile",)


async def test_those_who_wait_hear_when_what_they_wait_for_is_no_longer_kept(watched: Watched) -> None:
    start = await watched.tail.end()
    await watched.happens(_mine("one"))
    caught_up = (await watched.heard(start)).upto
    watched.below.away = True
    waiting = asyncio.create_task(watched.heard(caught_up))
    await watched.happens(_mine("lost"))
    async with watched.store.transaction() as tx:
        await tx.changes.remove_before(_mine("").at + timedelta(days=1))
    watched.below.away = False

    with pytest.raises(CursorExpired):
        await waiting


async def test_of_an_erased_expert_nothing_is_remembered(watched: Watched) -> None:
    start = await watched.tail.end()
    await watched.exist(MINE, THEIRS)
    await watched.happens(_mine("mine"), _theirs("theirs"))
    await watched.heard(start)
    assert "'mine'" in repr(watched.tail._recent)

    await watched.erased(MINE)

    for tail in (watched.tail, watched.below):
        assert _sessions(await tail.after(start, of=None, limit=200)) == ("theirs",)
        assert _sessions(await tail.after(start, of=MINE, limit=200)) == ()
    assert "'mine'" not in repr(watched.tail._recent)


async def test_an_erasure_is_remembered_with_what_came_after_it(watched: Watched) -> None:
    start = await watched.tail.end()
    await watched.exist(MINE)
    await watched.happens(_mine("before"))
    place = (await watched.heard(start)).upto
    await watched.happens(_erasure(MINE), _mine("after"))
    await watched.heard(place)

    watched.below.feed.erased(MINE)

    looks = watched.below.looks
    page = await watched.tail.after(place, of=None, limit=200)
    assert [one for _, one in page.changes] == [_erasure(MINE), _mine("after")]
    assert watched.below.looks == looks
    assert "'before'" not in repr(watched.tail._recent)


async def test_a_page_that_was_being_read_during_an_erasure_is_read_again(watched: Watched) -> None:
    start = await watched.tail.end()
    await watched.exist(MINE, THEIRS)
    looks = watched.below.looks
    watched.below.holds_back.clear()
    await watched.happens(_mine("mine"), _theirs("theirs"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert watched.below.looks == looks + 1

    await watched.erased(MINE)
    watched.below.holds_back.set()

    assert _sessions(await watched.heard(start)) == ("theirs",)


async def test_who_waits_for_an_erased_expert_is_woken(watched: Watched) -> None:
    start = await watched.tail.end()
    await watched.exist(MINE)
    mine = asyncio.create_task(watched.tail.wait(start, of=MINE, at_most=ALWAYS))
    theirs = asyncio.create_task(watched.tail.wait(start, of=THEIRS, at_most=ALWAYS))
    await asyncio.sleep(0)

    await watched.erased(MINE)

    async with asyncio.timeout(ALWAYS.total_seconds() / 2):
        await mine
    assert not theirs.done()
    theirs.cancel()


async def test_nothing_is_remembered_from_before_erasures_may_have_gone_unheard(watched: Watched) -> None:
    start = await watched.tail.end()
    await watched.happens(_mine("one"))
    page = await watched.heard(start)
    before = watched.below.looks

    watched.below.feed.erased(None)

    assert not watched.tail._recent
    assert await watched.tail.after(page.upto, of=None, limit=200) == FeedPage(changes=(), upto=page.upto)
    assert watched.below.looks == before
    assert _sessions(await watched.tail.after(start, of=None, limit=200)) == ("one",)
    assert watched.below.looks == before + 1


async def test_a_feed_without_any_place_that_holds_is_not_asked_again_without_a_pause(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_tail, "PAUSE_SECONDS", 60)
    before = watched.below.looks
    watched.below.expired = True
    await watched.happens(_mine("one"))
    for _ in range(200):
        await asyncio.sleep(0)

    assert watched.below.looks == before + 1


async def test_who_no_longer_waits_is_forgotten(watched: Watched) -> None:
    start = await watched.tail.end()
    await watched.tail.wait(start, of=MINE, at_most=timedelta())
    gone = asyncio.create_task(watched.tail.wait(start, of=MINE, at_most=ALWAYS))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])

    assert not watched.tail._waiting


@given(st.data())
async def test_memory_tells_what_the_feed_below_would(data: st.DataObject) -> None:
    store = FakeStore()
    async with open_feed_tail(store.feed) as tail:
        watched = Watched(tail=tail, below=CountedFeed(store.feed), store=store)
        places = [await tail.end()]
        for number in range(data.draw(st.integers(1, 6))):
            whose = data.draw(st.lists(st.sampled_from([_mine, _theirs]), min_size=1, max_size=3))
            await watched.happens(*(one(f"{number}") for one in whose))
            places += [place for place, _ in (await watched.heard(places[-1])).changes]
        position = data.draw(st.sampled_from(places))
        of = data.draw(st.sampled_from([None, MINE, THEIRS]))
        limit = data.draw(st.integers(1, 5))

        page, below = [await feed.after(position, of=of, limit=limit) for feed in (tail, store.feed)]

    assert page.changes == below.changes
    assert (page.upto == page.changes[-1][0]) if len(page.changes) == limit else (page.upto >= places[-1])


def _mine(session_id: str) -> Change:
    return a_change(session_id=session_id, expert_id=MINE)


def _erasure(expert_id: ExpertId) -> Change:
    return a_change(ChangeType.EXPERT_ERASED, expert_id=expert_id, account_id=None, calendar_id=None)


def _theirs(session_id: str) -> Change:
    return a_change(session_id=session_id, expert_id=THEIRS)


def _sessions(page: FeedPage) -> tuple[str | None, ...]:
    return tuple(change.session_id for _, change in page.changes)
