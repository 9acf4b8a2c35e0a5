"""What every way to accept new sessions keeps to: it does what a unit of work would do for each, and no more."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

import pytest

from application.ports.changes import FeedPage
from domain.change import Change, ChangeType, FeedPosition, change_of_booking
from domain.ids import ExpertId, SessionId
from domain.interval import Interval
from domain.session import Hindrance, Replacement, Session, SessionNotFound, WriteStatus
from domain.session_details import EventColor, SessionDetails, Visibility
from tests.builders import EXPERT, NOW, SESSION, a_session, after, an_expert, an_interval, some_details
from tests.support.stores import Kept, put_expert

OTHER = ExpertId("other")
EVERYTHING_BUT_AN_EVENT = a_session(
    interval=Interval(NOW.replace(microsecond=1), after(days=400)),
    details=SessionDetails(
        title="Ça va? \ud83d \x00",
        text="",
        place="'; -- \"\\",
        join_url="",
        reminder_minutes=None,
        visibility=Visibility.PRIVATE,
        category="'; -- \"\\",
        color=EventColor.RED,
    ),
    cancelled=True,
    revision=9,
    written_revision=8,
    status=WriteStatus.WAITING,
    hindrance=Hindrance.RECONNECT_REQUIRED,
    failures=3,
    due_at=after(seconds=1.000001),
    written_at=after(hours=-1),
    copies=2,
    replacement=Replacement.EVENT_DELETED,
)


def _told(session: Session) -> Change:
    return change_of_booking(ChangeType.SESSION_ACCEPTED, session, at=after(seconds=0.000001))


async def _accept(kept: Kept, session: Session) -> bool:
    return await kept.new_sessions.accept(session, _told(session))


async def _accept_all(kept: Kept, sessions: Iterable[Session]) -> list[bool]:
    async with asyncio.timeout(20):
        return await asyncio.gather(*(_accept(kept, one) for one in sessions))


async def _stored(kept: Kept, session_id: str = SESSION, expert_id: str = EXPERT) -> Session | None:
    async with kept.transaction() as tx:
        try:
            return await tx.sessions.get(ExpertId(expert_id), SessionId(session_id))
        except SessionNotFound:
            return None


async def _page(kept: Kept, after_: FeedPosition) -> FeedPage:
    return await kept.feed.after(after_, of=None, limit=1000)


async def _changes(kept: Kept, since: FeedPosition) -> list[Change]:
    return [change for _, change in (await _page(kept, since)).changes]


@pytest.mark.parametrize(
    "session", [a_session(), EVERYTHING_BUT_AN_EVENT, a_session(due_at=None)], ids=["new", "full", "bare"]
)
async def test_a_new_session_is_stored_by_value_and_told_and_a_worker_woken(
    kept: Kept, session: Session
) -> None:
    await put_expert(kept)
    start = await kept.feed.end()

    async with kept.hearing() as heard:
        assert await _accept(kept, session)

        assert await _stored(kept) == session
        assert await _changes(kept, start) == [_told(session)]
        assert await heard() == ["write_session"]


async def test_what_is_handed_over_as_change_is_told(kept: Kept) -> None:
    await put_expert(kept)
    start = await kept.feed.end()
    session = a_session()
    told = Change(type=ChangeType.SESSION_PENDING, expert_id=EXPERT, session_id=SESSION, at=after(days=-1))

    assert await kept.new_sessions.accept(session, told)

    assert await _changes(kept, start) == [told]


async def test_a_taken_id_is_not_accepted_again(kept: Kept) -> None:
    await put_expert(kept)
    session = a_session()
    assert await _accept(kept, session)
    start = await kept.feed.end()

    async with kept.hearing() as heard:
        assert not await _accept(kept, replace(session, details=some_details("Another")))

        assert await _stored(kept) == session
        assert await _changes(kept, start) == []
        assert await heard() == []


async def test_a_cancelled_session_keeps_its_id(kept: Kept) -> None:
    await put_expert(kept)
    cancelled = a_session(cancelled=True, revision=2)
    async with kept.transaction() as tx:
        assert await tx.sessions.add(cancelled)

    assert not await _accept(kept, a_session())

    assert await _stored(kept) == cancelled


async def test_nothing_is_accepted_for_an_unknown_expert(kept: Kept) -> None:
    start = await kept.feed.end()

    async with kept.hearing() as heard:
        assert not await _accept(kept, a_session())

        assert await _stored(kept) is None
        assert await _changes(kept, start) == []
        assert await heard() == []


async def test_ids_differ_by_expert_and_by_case(kept: Kept) -> None:
    await put_expert(kept, an_expert(), an_expert(OTHER))
    sessions = [a_session(), a_session(expert_id=OTHER), a_session(SESSION.upper())]

    assert await _accept_all(kept, sessions) == [True, True, True]
    assert [await _stored(kept, one.session_id, one.expert_id) for one in sessions] == sessions


async def test_of_many_at_once_with_one_id_one_is_accepted(kept: Kept) -> None:
    await put_expert(kept)
    start = await kept.feed.end()
    wanted = [a_session(details=some_details(f"Version {number}")) for number in range(12)]

    accepted = await _accept_all(kept, wanted)

    assert accepted.count(True) == 1
    assert await _stored(kept) == wanted[accepted.index(True)]
    assert await _changes(kept, start) == [_told(a_session())]


async def test_of_many_at_once_each_hears_of_its_own(kept: Kept) -> None:
    """Neither unknown experts nor taken ids nor doubles are in the way of anybody else."""
    await put_expert(kept, an_expert(), an_expert(OTHER))
    assert await _accept(kept, a_session("taken"))
    start = await kept.feed.end()
    new = [
        a_session(f"new-{number}", expert_id=expert, interval=an_interval(starts=number))
        for number in range(20)
        for expert in (EXPERT, OTHER)
    ]
    unknown = [a_session(f"new-{number}", expert_id=f"nobody-{number}") for number in range(20)]
    taken = [a_session("taken", interval=an_interval(starts=9)) for _ in range(5)]
    wanted = [*unknown[:10], *new[20:], *taken, *new[:20], *unknown[10:], *new[:5]]

    accepted = await _accept_all(kept, wanted)

    by_key: dict[tuple[str, str], int] = {}
    for one, added in zip(wanted, accepted, strict=True):
        by_key[one.expert_id, one.session_id] = by_key.get((one.expert_id, one.session_id), 0) + added
    assert by_key == {(one.expert_id, one.session_id): 1 if one in new else 0 for one in wanted}
    assert [await _stored(kept, one.session_id, one.expert_id) for one in new] == new
    told = await _changes(kept, start)
    assert sorted(told, key=_key) == sorted([_told(one) for one in new], key=_key)


def _key(change: Change) -> tuple[str, str]:
    return change.expert_id, str(change.session_id)


async def test_who_leaves_while_waiting_is_in_nobodys_way(kept: Kept) -> None:
    """What the session of the one who left becomes is open, as with every answer that was lost; but it is whole."""
    await put_expert(kept)
    start = await kept.feed.end()
    leaving = [asyncio.create_task(_accept(kept, a_session(f"leaving-{number}"))) for number in range(5)]
    staying = [asyncio.create_task(_accept(kept, a_session(f"staying-{number}"))) for number in range(5)]
    await asyncio.sleep(0)
    for one in leaving:
        one.cancel()

    async with asyncio.timeout(20):
        assert await asyncio.gather(*staying) == [True] * 5
        await asyncio.wait(leaving)
        assert await _accept(kept, a_session("afterwards"))

    told = {change.session_id for change in await _changes(kept, start)}
    names = [f"{who}-{number}" for who in ("leaving", "staying") for number in range(5)]
    stored = {name for name in names if await _stored(kept, name) is not None}
    assert told == stored | {"afterwards"}


async def test_the_feed_tells_each_accepted_session_once(kept: Kept) -> None:
    """Also those who follow it while others commit in between."""
    await put_expert(kept, an_expert(), an_expert(OTHER))
    position = await kept.feed.end()
    wanted = [a_session(f"session-{number}", expert_id=(EXPERT, OTHER)[number % 2]) for number in range(60)]

    async def by_units_of_work() -> None:
        for number in range(20):
            async with kept.transaction() as tx:
                session = a_session(f"other-{number}")
                assert await tx.sessions.add(session)
                await tx.changes.add(_told(session))

    followed: list[Change] = []
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(by_units_of_work())
        accepting = [tasks.create_task(_accept(kept, one)) for one in wanted]
        while len(followed) < len(wanted) + 20:
            page = await kept.feed.after(position, of=None, limit=7)
            assert page.upto >= position
            position = page.upto
            followed += [change for _, change in page.changes]
            await asyncio.sleep(0)
    assert all(one.result() for one in accepting)
    expected = [_told(one) for one in wanted] + [_told(a_session(f"other-{number}")) for number in range(20)]
    assert sorted(followed, key=_key) == sorted(expected, key=_key)
    assert await _changes(kept, position) == []
