"""What every feed of changes keeps to: all of them, once, in one order."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from application.ports.changes import FeedPage
from domain.change import Change, ChangeType, CursorExpired, FeedPosition
from domain.ids import ExpertId
from tests.builders import EXPERT, NOW, a_change, after, an_expert
from tests.support.stores import Kept, put_expert

OTHER = ExpertId("other")
PATIENCE = timedelta(seconds=10)


async def _add(kept: Kept, *changes: Change) -> None:
    async with kept.transaction() as tx:
        for change in changes:
            await tx.changes.add(change)


async def _read(
    kept: Kept, position: FeedPosition, number: int, *, of: ExpertId | None = None
) -> list[Change]:
    """The next `number` changes, as a watcher reads them."""
    found: list[Change] = []
    async with asyncio.timeout(PATIENCE.total_seconds()):
        while len(found) < number:
            await kept.feed.wait(position, of=of, at_most=PATIENCE)
            page = await kept.feed.after(position, of=of, limit=2)
            assert page.upto >= position
            position = page.upto
            found += [change for _, change in page.changes]
    return found


async def test_changes_come_back_by_value_in_the_order_they_were_added(kept: Kept) -> None:
    start = await kept.feed.end()
    changes = [
        a_change(type_, at=after(seconds=-n), session_id=f"session-{n}") for n, type_ in enumerate(ChangeType)
    ]
    bare = a_change(account_id=None, calendar_id=None)
    await _add(kept, *changes)
    await _add(kept, bare)
    assert await _read(kept, start, len(changes) + 1) == [*changes, bare]


async def test_changes_exist_once_the_transaction_has_committed(kept: Kept) -> None:
    start = await kept.feed.end()
    with pytest.raises(ZeroDivisionError):
        async with kept.transaction() as tx:
            await tx.changes.add(a_change(session_id="never"))
            assert (await kept.feed.after(start, of=None, limit=10)).changes == ()
            raise ZeroDivisionError
    await _add(kept, a_change())
    assert await _read(kept, start, 1) == [a_change()]


async def test_the_end_is_after_everything_there_was(kept: Kept) -> None:
    before = await kept.feed.end()
    await _add(kept, a_change(session_id="before"))
    assert await _read(kept, before, 1) == [a_change(session_id="before")]
    end = await kept.feed.end()
    await _add(kept, a_change(session_id="behind"))
    assert await _read(kept, end, 1) == [a_change(session_id="behind")]


async def test_one_experts_changes_can_be_had_alone(kept: Kept) -> None:
    start = await kept.feed.end()
    await _add(kept, a_change(), a_change(expert_id=OTHER), a_change(session_id="last"))
    assert await _read(kept, start, 2, of=EXPERT) == [a_change(), a_change(session_id="last")]
    assert await _read(kept, start, 1, of=OTHER) == [a_change(expert_id=OTHER)]
    page = await kept.feed.after(start, of=ExpertId("nobody"), limit=10)
    assert page.changes == ()
    assert page.upto > start


async def test_pages_neither_miss_nor_repeat(kept: Kept) -> None:
    start = position = await kept.feed.end()
    changes = [a_change(session_id=f"session-{n}") for n in range(7)]
    await _add(kept, *changes[:4])
    await _add(kept, *changes[4:])
    assert await _read(kept, start, 7) == changes
    pages: list[FeedPage] = []
    for _ in range(3):
        pages.append(await kept.feed.after(position, of=None, limit=3))
        position = pages[-1].upto
    assert [len(page.changes) for page in pages] == [3, 3, 1]
    assert [change for page in pages for _, change in page.changes] == changes
    places = [place for page in pages for place, _ in page.changes]
    assert places == sorted(set(places))


async def test_reading_goes_on_from_the_place_of_any_change(kept: Kept) -> None:
    start = await kept.feed.end()
    changes = [a_change(session_id=f"session-{n}") for n in range(3)]
    await _add(kept, *changes)
    await _read(kept, start, 3)
    page = await kept.feed.after(start, of=None, limit=10)
    for number, (place, _) in enumerate(page.changes, start=1):
        rest = await kept.feed.after(place, of=None, limit=10)
        assert [change for _, change in rest.changes] == changes[number:]


async def test_a_place_whose_followers_were_removed_has_expired(kept: Kept) -> None:
    start = await kept.feed.end()
    await _add(kept, a_change(at=after(days=-8), session_id="old"))
    await _add(kept, a_change(at=after(days=-6), session_id="young"))
    await _read(kept, start, 2)
    (old, _), (young, _) = (await kept.feed.after(start, of=None, limit=10)).changes
    async with kept.transaction() as tx:
        assert await tx.changes.remove_before(after(days=-7)) == 1
        assert await tx.changes.remove_before(after(days=-7)) == 0
    for of in (None, EXPERT, OTHER):
        with pytest.raises(CursorExpired):
            await kept.feed.after(start, of=of, limit=10)
    page = await kept.feed.after(old, of=None, limit=10)
    assert page.changes == ((young, a_change(at=after(days=-6), session_id="young")),)


async def test_removing_goes_from_the_beginning_in_steps(kept: Kept) -> None:
    start = await kept.feed.end()
    for number in range(5):
        await _add(kept, a_change(at=after(days=-8), session_id=f"old-{number}"))
    await _add(kept, a_change(session_id="young"))
    await _read(kept, start, 6)
    places = [place for place, _ in (await kept.feed.after(start, of=None, limit=10)).changes]
    for removed, left in ((2, 3), (2, 1), (1, 0)):
        async with kept.transaction() as tx:
            assert await tx.changes.remove_before(after(days=-7), 2) == removed
        for place in places[: 5 - left - 1]:
            with pytest.raises(CursorExpired):
                await kept.feed.after(place, of=None, limit=10)
        page = await kept.feed.after(places[5 - left - 1], of=None, limit=10)
        assert [place for place, _ in page.changes] == places[5 - left :]


async def test_what_is_behind_a_change_that_stays_stays_too(kept: Kept) -> None:
    start = await kept.feed.end()
    for session_id, days in (("first", -8), ("stays", -6), ("by a clock that is behind", -8)):
        await _add(kept, a_change(at=after(days=days), session_id=session_id))
    await _read(kept, start, 3)
    first, *rest = (await kept.feed.after(start, of=None, limit=10)).changes
    for removed in (1, 0):
        async with kept.transaction() as tx:
            assert await tx.changes.remove_before(after(days=-7)) == removed
    assert (await kept.feed.after(first[0], of=None, limit=10)).changes == tuple(rest)


async def test_removing_nothing_expires_nothing(kept: Kept) -> None:
    start = await kept.feed.end()
    await _add(kept, a_change())
    await _read(kept, start, 1)
    async with kept.transaction() as tx:
        assert await tx.changes.remove_before(a_change().at) == 0
    assert await _read(kept, start, 1) == [a_change()]


@pytest.mark.parametrize("by", [(1 << 40, 0), (1 << 80, 1 << 80)], ids=["far", "beyond any number"])
async def test_a_place_that_was_never_handed_out_has_expired(kept: Kept, by: tuple[int, int]) -> None:
    end = await kept.feed.end()
    with pytest.raises(CursorExpired):
        position = FeedPosition(end.history, end.transaction + by[0], end.number + by[1])
        await kept.feed.after(position, of=None, limit=10)


async def test_a_place_of_another_history_has_expired(kept: Kept) -> None:
    end = await kept.feed.end()
    for history in (end.history - 1, end.history + 1):
        foreign = replace(end, history=history)
        async with asyncio.timeout(PATIENCE.total_seconds() / 2):
            await kept.feed.wait(foreign, of=EXPERT, at_most=PATIENCE)
        with pytest.raises(CursorExpired):
            await kept.feed.after(foreign, of=EXPERT, limit=10)


async def test_a_watcher_is_woken_by_what_concerns_it(kept: Kept) -> None:
    start = await kept.feed.end()
    mine = asyncio.create_task(kept.feed.wait(start, of=EXPERT, at_most=PATIENCE))
    everybodys = asyncio.create_task(kept.feed.wait(start, of=None, at_most=PATIENCE))
    others = asyncio.create_task(kept.feed.wait(start, of=OTHER, at_most=PATIENCE))
    await asyncio.sleep(0)
    assert not any(one.done() for one in (mine, everybodys, others))
    await _add(kept, a_change())
    async with asyncio.timeout(PATIENCE.total_seconds() / 2):
        await mine
        await everybodys
    assert not others.done()
    others.cancel()


async def test_what_came_before_the_wait_ends_it_at_once(kept: Kept) -> None:
    start = await kept.feed.end()
    await _add(kept, a_change())
    await _read(kept, start, 1)
    async with asyncio.timeout(PATIENCE.total_seconds() / 2):
        await kept.feed.wait(start, of=EXPERT, at_most=PATIENCE)
        await kept.feed.wait(start, of=None, at_most=PATIENCE)


async def test_a_wait_ends_when_nothing_comes(kept: Kept) -> None:
    await kept.feed.wait(await kept.feed.end(), of=EXPERT, at_most=timedelta(milliseconds=1))


async def test_an_erased_expert_leaves_no_changes(kept: Kept) -> None:
    start = await kept.feed.end()
    await put_expert(kept, an_expert())
    await _add(kept, a_change(), a_change(expert_id=OTHER))
    await _read(kept, start, 2)
    async with kept.transaction() as tx:
        await tx.experts.remove(EXPERT)
    await _add(kept, a_change(expert_id=OTHER, at=NOW))
    assert await _read(kept, start, 2) == [a_change(expert_id=OTHER), a_change(expert_id=OTHER)]
    assert (await kept.feed.after(start, of=EXPERT, limit=10)).changes == ()


async def _at_work(kept: Kept) -> None:
    """Until the feed hears of what happens: just opened, it may not listen yet."""
    start = await kept.feed.end()
    await _add(kept, a_change())
    await kept.feed.wait(start, of=None, at_most=PATIENCE)


async def test_an_erasure_wakes_who_watches_the_expert_and_nobody_else(kept: Kept) -> None:
    await put_expert(kept, an_expert())
    await _at_work(kept)
    start = await kept.feed.end()
    theirs = asyncio.create_task(kept.feed.wait(start, of=EXPERT, at_most=PATIENCE))
    others = asyncio.create_task(kept.feed.wait(start, of=OTHER, at_most=PATIENCE))
    await asyncio.sleep(0)
    async with kept.transaction() as tx:
        await tx.experts.remove(EXPERT)
    async with asyncio.timeout(PATIENCE.total_seconds() / 2):
        await theirs
    assert not others.done()
    others.cancel()


async def test_those_who_remember_are_told_whom_to_forget(kept: Kept) -> None:
    await _at_work(kept)
    told: asyncio.Queue[ExpertId | None] = asyncio.Queue()
    kept.feed.tell_of_erasures(told.put_nowait)
    await put_expert(kept, an_expert(), an_expert(OTHER))
    with pytest.raises(ZeroDivisionError):
        async with kept.transaction() as tx:
            await tx.experts.remove(EXPERT)
            raise ZeroDivisionError
    async with kept.transaction() as tx:
        await tx.experts.remove(OTHER)
    async with asyncio.timeout(PATIENCE.total_seconds()):
        while (expert_id := await told.get()) is None:
            pass
    assert expert_id == OTHER
