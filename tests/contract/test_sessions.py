"""What every repository of sessions keeps to, but for the claims."""

import asyncio
from dataclasses import replace

import pytest

from application.ports.sessions import SessionFilter, SessionPosition
from domain.event_digest import EventDigest, EventPart
from domain.expert import ExpertNotFound
from domain.ids import AccountId, EventMark, ExpertId, SessionId
from domain.interval import Interval
from domain.own_event import own_event
from domain.session import EventCopy, Hindrance, Replacement, Session, SessionNotFound, WriteStatus
from domain.session_details import EventColor, SessionDetails, Visibility
from domain.taken import BookedTime
from tests.builders import (
    CALENDAR,
    EXPERT,
    MARK,
    NOW,
    SESSION,
    a_calendar,
    a_grant,
    a_remote_calendar,
    a_session,
    after,
    an_account,
    an_event_copy,
    an_expert,
    an_interval,
    some_details,
)
from tests.support.stores import Kept, put_expert

DRESSED = some_details(visibility=Visibility.PRIVATE)
EVERYTHING = a_session(
    interval=Interval(NOW.replace(microsecond=1), after(days=400)),
    details=SessionDetails(
        title="Ça va? \ud83d \x00",
        text="",
        place="'; --",
        join_url="",
        reminder_minutes=None,
        visibility=Visibility.PRIVATE,
        category="'; --",
        color=EventColor.MAUVE,
    ),
    cancelled=True,
    revision=9,
    written_revision=8,
    status=WriteStatus.WAITING,
    hindrance=Hindrance.RECONNECT_REQUIRED,
    failures=3,
    due_at=after(seconds=1.5),
    written_at=after(hours=-1),
    copy=an_event_copy(
        written=a_session(interval=an_interval(starts=3), details=DRESSED).digest,
        times=[an_interval(starts=1), an_interval(starts=0.5, hours=9)],
    ),
    left=[
        an_event_copy(
            mark="left-1", times=[an_interval(starts=2), an_interval(starts=7)], written=EventDigest()
        ),
        an_event_copy(mark="left-2", remote_id=None, account_id="account-2", written=EventDigest()),
    ],
    copies=2,
    replacement=Replacement.EVENT_DELETED,
)
SOME_KNOWN = a_session(
    details=replace(DRESSED, color=EventColor.RED),
    copy=an_event_copy(
        written=a_session(details=DRESSED).digest.without(EventPart.CATEGORY, EventPart.TITLE)
    ),
)
UNKNOWN_IN_A_PLAIN_ONE = a_session(
    copy=an_event_copy(written=a_session().digest.without(EventPart.VISIBILITY))
)
NOT_WRITTEN_YET = a_session(due_at=None, copy=an_event_copy(remote_id=None, written=EventDigest()))

SESSIONS = {
    "new": a_session(),
    "old": EVERYTHING,
    "begun": NOT_WRITTEN_YET,
    "some of it known": SOME_KNOWN,
    "plain and not known": UNKNOWN_IN_A_PLAIN_ONE,
}


async def _booked(kept: Kept, *sessions: Session) -> None:
    await put_expert(kept, an_expert(), an_expert("other"))
    async with kept.transaction() as tx:
        for session in sessions:
            assert await tx.sessions.add(session)


@pytest.mark.parametrize("session", SESSIONS.values(), ids=SESSIONS)
async def test_a_session_comes_back_by_value(kept: Kept, session: Session) -> None:
    await _booked(kept, session)
    async with kept.transaction() as tx:
        assert await tx.sessions.get(EXPERT, SESSION) == session
        assert await tx.sessions.lock(EXPERT, SESSION) == session
        assert await tx.sessions.page(EXPERT, SessionFilter(include_cancelled=True), after=None, limit=9) == (
            session,
        )


@pytest.mark.parametrize("session", SESSIONS.values(), ids=SESSIONS)
async def test_saving_replaces_the_session(kept: Kept, session: Session) -> None:
    before = a_session(
        details=some_details("Before"), interval=an_interval(starts=1), hindrance=Hindrance.CALENDAR_MISSING
    )
    await _booked(kept, before)
    async with kept.transaction() as tx:
        await tx.sessions.save(session)
    async with kept.transaction() as tx:
        assert await tx.sessions.get(EXPERT, SESSION) == session


async def test_a_taken_id_is_not_stored_again(kept: Kept) -> None:
    await _booked(kept, a_session())
    async with kept.transaction() as tx:
        assert not await tx.sessions.add(a_session(revision=5))
        assert await tx.sessions.add(a_session(expert_id="other"))
        assert await tx.sessions.add(a_session("SESSION-1"))
        assert await tx.sessions.get(EXPERT, SESSION) == a_session()


async def test_of_many_who_add_at_once_one_does(kept: Kept) -> None:
    await _booked(kept)

    async def add(revision: int) -> bool:
        async with kept.transaction() as tx:
            return await tx.sessions.add(a_session(revision=revision))

    added = await asyncio.gather(*(add(revision) for revision in range(1, 6)))
    assert sorted(added) == [False] * 4 + [True]
    async with kept.transaction() as tx:
        assert (await tx.sessions.get(EXPERT, SESSION)).revision == added.index(True) + 1


async def test_an_unknown_session_is_not_found(kept: Kept) -> None:
    await _booked(kept, a_session())
    async with kept.transaction() as tx:
        with pytest.raises(SessionNotFound):
            await tx.sessions.get(ExpertId("other"), SESSION)
        with pytest.raises(SessionNotFound):
            await tx.sessions.lock(EXPERT, SessionId("session-2"))
        with pytest.raises(SessionNotFound):
            await tx.sessions.save(a_session("session-2"))


async def test_a_session_needs_its_expert(kept: Kept) -> None:
    with pytest.raises(ExpertNotFound):
        async with kept.transaction() as tx:
            await tx.sessions.add(a_session())


async def test_whoever_locks_second_sees_what_the_first_wrote(kept: Kept) -> None:
    await _booked(kept, a_session())

    async def revise() -> None:
        async with kept.transaction() as tx:
            session = await tx.sessions.lock(EXPERT, SESSION)
            await tx.sessions.save(replace(session, revision=session.revision + 1))

    await asyncio.gather(*(revise() for _ in range(6)))
    async with kept.transaction() as tx:
        assert (await tx.sessions.get(EXPERT, SESSION)).revision == 7


async def test_pages_follow_starts_then_ids_without_gap_or_repeat(kept: Kept) -> None:
    order = [("b", 1), ("A", 2), ("a", 2), ("á", 2), ("c", 3)]
    await _booked(
        kept, *(a_session(name, interval=an_interval(starts=starts)) for name, starts in reversed(order))
    )
    seen: list[str] = []
    position: SessionPosition | None = None
    async with kept.transaction() as tx:
        while page := await tx.sessions.page(EXPERT, SessionFilter(), after=position, limit=2):
            assert len(page) <= 2
            seen += [one.session_id for one in page]
            position = SessionPosition(page[-1].interval.start, page[-1].session_id)
    assert seen == [name for name, _ in order]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (an_interval(starts=2, hours=1), ["inside", "around"]),
        (an_interval(starts=1, hours=1), ["around", "before"]),
        (an_interval(starts=3, hours=1), ["around", "after"]),
        (an_interval(starts=0, hours=9), ["around", "before", "inside", "after"]),
        (an_interval(starts=9, hours=1), []),
    ],
)
async def test_a_window_holds_what_overlaps_it(kept: Kept, window: Interval, expected: list[str]) -> None:
    """Touching at an edge is not overlapping; pages and booked times agree on that."""
    await _booked(
        kept,
        a_session("around", interval=an_interval(starts=0, hours=6)),
        a_session("before", interval=an_interval(starts=1, hours=1)),
        a_session("inside", interval=an_interval(starts=2, hours=1)),
        a_session("after", interval=an_interval(starts=3, hours=1)),
        a_session("cancelled", interval=an_interval(starts=0, hours=9), cancelled=True),
        a_session("other's", interval=an_interval(starts=0, hours=9), expert_id="other"),
    )
    async with kept.transaction() as tx:
        page = await tx.sessions.page(EXPERT, SessionFilter(window=window), after=None, limit=9)
        assert sorted(one.session_id for one in page) == sorted(expected)
        booked = await tx.sessions.booked(EXPERT, window)
        assert booked == tuple(BookedTime(session_id=one.session_id, interval=one.interval) for one in page)


async def test_pages_show_cancelled_sessions_on_request_only(kept: Kept) -> None:
    await _booked(kept, a_session("a", cancelled=True), a_session("b"))
    async with kept.transaction() as tx:
        live = await tx.sessions.page(EXPERT, SessionFilter(), after=None, limit=9)
        every = await tx.sessions.page(EXPERT, SessionFilter(include_cancelled=True), after=None, limit=9)
    assert ([one.session_id for one in live], [one.session_id for one in every]) == (["b"], ["a", "b"])


async def test_marks_are_remembered_for_good_and_per_expert(kept: Kept) -> None:
    first, second, third = (EventMark(f"00000000-0000-5000-8000-00000000000{number}") for number in (1, 2, 3))
    await _booked(kept, a_session(copy=an_event_copy(mark=first)), a_session(expert_id="other"))
    async with kept.transaction() as tx:
        await tx.sessions.save(a_session(copy=an_event_copy(mark=second)))
        await tx.sessions.save(a_session(copy=None))
        await tx.sessions.save(a_session(expert_id="other", copy=an_event_copy(mark=third)))
    async with kept.transaction() as tx:
        known = dict.fromkeys((first, second), SESSION)
        assert await tx.sessions.whose_marks(EXPERT, {first, second, third, MARK}) == known
        assert await tx.sessions.whose_marks(ExpertId("other"), [first, third]) == {third: SESSION}


@pytest.mark.parametrize("mark", ["", "not a mark of ours", "\x00", "\ud800", "ä", MARK.upper(), "x" * 5000])
async def test_marks_of_other_people_are_nobodys(kept: Kept, mark: str) -> None:
    await _booked(kept, a_session(copy=an_event_copy()))
    async with kept.transaction() as tx:
        assert await tx.sessions.whose_marks(EXPERT, [EventMark(mark), MARK]) == {MARK: SESSION}
        assert await tx.sessions.whose_marks(EXPERT, []) == {}


async def test_events_of_sessions_in_the_window_come_with_those_that_are_not_written_in_full(
    kept: Kept,
) -> None:
    """Where they are booked for now says nothing of where the event still is."""
    window, away = Interval(NOW, after(days=2)), an_interval(starts=99 * 24)
    asked = (
        replace(EVERYTHING, session_id=SessionId("changed"), interval=away),
        a_session("here", copy=an_event_copy(times=[away]), written_revision=1, status=WriteStatus.WRITTEN),
        a_session("named", interval=away, cancelled=True, written_revision=1),
    )
    others = (
        a_session("away", interval=away, copy=an_event_copy(), written_revision=1),
        a_session("gone", copy=an_event_copy(), cancelled=True, written_revision=1),
        a_session("not-begun"),
        a_session("theirs", expert_id="other", copy=an_event_copy()),
    )
    marked = [
        replace(one, copy=replace(one.copy, mark=EventMark(f"mark-of-{one.session_id}"))) if one.copy else one
        for one in (*others, *asked)
    ]
    await _booked(kept, *marked)
    async with kept.transaction() as tx:
        found = await tx.sessions.own_events(EXPERT, window, sessions=[SessionId("named"), SessionId("x")])
    wanted = {one.session_id for one in asked}
    assert found == tuple(own_event(one) for one in marked[len(others) :] if one.session_id in wanted)


async def test_events_of_sessions_that_touch_the_window_are_none_of_its(kept: Kept) -> None:
    await _booked(kept, a_session(copy=an_event_copy(), written_revision=1))
    async with kept.transaction() as tx:
        assert await tx.sessions.own_events(EXPERT, an_interval(starts=23)) == ()
        assert await tx.sessions.own_events(EXPERT, an_interval(starts=25)) == ()
        assert len(await tx.sessions.own_events(EXPERT, an_interval(starts=24.9))) == 1


async def test_waiting_sessions_come_in_the_order_of_their_starts(kept: Kept) -> None:
    late, early = an_interval(starts=5), an_interval(starts=1)
    waiting = (
        a_session("z", interval=early, status=WriteStatus.WAITING, cancelled=True),
        a_session("a", interval=late, status=WriteStatus.WAITING),
        a_session("b", interval=late, status=WriteStatus.WAITING),
    )
    others = [
        a_session(status.value, interval=early, status=status)
        for status in WriteStatus
        if status is not WriteStatus.WAITING
    ]
    theirs = a_session("theirs", expert_id="other", status=WriteStatus.WAITING)
    await _booked(kept, theirs, *reversed(waiting), *others)
    async with kept.transaction() as tx:
        assert await tx.sessions.waiting(EXPERT) == waiting


FORMER = frozenset({AccountId("former-1"), AccountId("former-2")})


def _left_in(account_id: str, mark: str = "left") -> EventCopy:
    return an_event_copy(account_id=account_id, mark=mark, written=EventDigest())


async def _connected_again(kept: Kept, *sessions: Session) -> tuple[Session, ...]:
    """The account is connected, with the calendar that the copies are in, after these sessions were stored."""
    await _booked(kept, *sessions)
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(), a_grant())
        remote = a_remote_calendar(f"AAMkAD-{CALENDAR}")
        await tx.calendars.save([a_calendar("calendar-of-now", remote=remote)])
        return await tx.sessions.move_copies(EXPERT, FORMER, an_account().account_id, now=after(hours=1))


async def test_copies_move_to_the_account_and_the_calendar_of_now(kept: Kept) -> None:
    copies = {
        "known calendar": an_event_copy(account_id="former-1"),
        "other calendar": an_event_copy(account_id="former-2", remote_calendar_id="AAMkAD-other"),
        "another account's": an_event_copy(account_id="other"),
    }
    sessions = [a_session(name, copy=copy) for name, copy in copies.items()]
    theirs = a_session(expert_id="other", copy=copies["known calendar"])
    assert await _connected_again(kept, *sessions, theirs) == ()
    moved = {
        "known calendar": an_event_copy(calendar_id="calendar-of-now"),
        "other calendar": an_event_copy(remote_calendar_id="AAMkAD-other"),
        "another account's": copies["another account's"],
    }
    async with kept.transaction() as tx:
        for session in sessions:
            now = await tx.sessions.get(EXPERT, session.session_id)
            assert now == replace(session, copy=moved[session.session_id])
        assert await tx.sessions.get(ExpertId("other"), SESSION) == theirs


async def test_moving_copies_names_what_is_to_be_removed_in_order(kept: Kept) -> None:
    late, early = an_interval(starts=5), an_interval(starts=1)
    sessions = (
        a_session("live", interval=early, copy=an_event_copy(account_id="former-1")),
        a_session("late", interval=late, cancelled=True, copy=an_event_copy(account_id="former-2")),
        a_session("early", interval=early, left=[_left_in("former-1", "a"), _left_in("other", "b")]),
        a_session("gone", interval=early, cancelled=True),
        a_session("elsewhere", interval=early, cancelled=True, copy=an_event_copy(account_id="other")),
        a_session("left elsewhere", interval=early, left=[_left_in("other")]),
        a_session("waits", interval=early, status=WriteStatus.WAITING),
    )
    found = await _connected_again(kept, *sessions)
    assert found == (
        replace(sessions[2], left=(_left_in("account-1", "a"), _left_in("other", "b"))),
        replace(sessions[1], copy=an_event_copy(calendar_id="calendar-of-now")),
    )
    async with kept.transaction() as tx:
        for session in found:
            assert await tx.sessions.get(EXPERT, session.session_id) == session
        for number in (3, 4, 5, 6):
            assert await tx.sessions.get(EXPERT, sessions[number].session_id) == sessions[number]


async def test_without_a_former_account_nothing_moves(kept: Kept) -> None:
    session = a_session(cancelled=True, copy=an_event_copy(), left=[_left_in("account-1")])
    await _booked(kept, session)
    async with kept.transaction() as tx:
        assert await tx.sessions.move_copies(EXPERT, (), an_account().account_id, now=NOW) == ()
        assert await tx.sessions.get(EXPERT, SESSION) == session
