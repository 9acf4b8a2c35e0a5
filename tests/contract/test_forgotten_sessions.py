"""What every store forgets of long ago, and what it keeps."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.event_digest import EventDigest
from domain.ids import EventMark, ExpertId, SessionId
from domain.incident import Incident, ReconnectLinkUnknown
from domain.interval import Interval
from domain.session import Hindrance, Session, SessionNotFound, WriteStatus
from tests.builders import (
    ACCOUNT,
    EXPERT,
    MARK,
    NOW,
    SESSION,
    a_deviation,
    a_grant,
    a_reading,
    a_reading_task,
    a_session,
    after,
    an_account,
    an_event_copy,
    an_expert,
    an_incident,
    an_interval,
)
from tests.support.stores import Kept, put_conflict_calendars, put_expert

OVER = Interval(after(hours=-2), after(hours=-1))
"""Before NOW, which is the time before which sessions are forgotten here."""
LATER = an_interval()


def a_written_session(
    session_id: str = SESSION, *, interval: Interval = OVER, expert_id: str = EXPERT
) -> Session:
    """Over, and written."""
    return a_session(
        session_id,
        expert_id=expert_id,
        interval=interval,
        written_revision=1,
        status=WriteStatus.WRITTEN,
        due_at=None,
        written_at=after(days=-2),
        copy=an_event_copy(
            mark=MARK if session_id == SESSION else f"mark-of-{session_id}",
            times=[interval],
            written=EventDigest(),
        ),
    )


def _copy(session: Session, **changes: object) -> Session:
    assert session.copy is not None
    return replace(session, copy=replace(session.copy, **changes))  # type: ignore[arg-type]


DONE_WITH: dict[str, Callable[[Session], Session]] = {
    "written": lambda one: one,
    "refused for good": lambda one: replace(one, status=WriteStatus.FAILED),
    "cancelled, its event removed": lambda one: replace(one, cancelled=True, copy=None),
    "never had an event": lambda one: replace(one, status=WriteStatus.FAILED, copy=None),
    "over this very moment before": lambda one: replace(
        one, interval=Interval(OVER.start, NOW - timedelta(microseconds=1))
    ),
}
KEPT: dict[str, Callable[[Session], Session]] = {
    "not over": lambda one: replace(one, interval=LATER),
    "long, and over only now": lambda one: replace(one, interval=Interval(after(days=-20), NOW)),
    "not written": lambda one: replace(one, status=WriteStatus.PENDING, due_at=after(hours=-1)),
    "waits": lambda one: replace(
        one, status=WriteStatus.WAITING, hindrance=Hindrance.RECONNECT_REQUIRED, due_at=LATER.start
    ),
    "cancelled, its event still there": lambda one: replace(one, cancelled=True),
    "cancelled, its event refused to go": lambda one: replace(one, cancelled=True, status=WriteStatus.FAILED),
    "cancelled, its event begun and not known": lambda one: _copy(
        replace(one, cancelled=True), remote_id=None
    ),
    "left an event behind": lambda one: replace(one, left=(an_event_copy(mark="left", times=[OVER]),)),
    "moved here from a later time, which was refused": lambda one: _copy(
        replace(one, status=WriteStatus.FAILED), times=(LATER,)
    ),
    "perhaps left at a later time": lambda one: _copy(one, times=(OVER, LATER)),
    "removed, and something is due": lambda one: replace(one, due_at=NOW),
}


async def _store(kept: Kept, *sessions: Session) -> None:
    async with kept.transaction() as tx:
        for one in sessions:
            assert await tx.sessions.add(one)


async def _left(kept: Kept, *session_ids: str) -> list[str]:
    found: list[str] = []
    async with kept.transaction() as tx:
        for session_id in session_ids:
            try:
                found.append((await tx.sessions.get(EXPERT, SessionId(session_id))).session_id)
            except SessionNotFound:
                continue
    return found


async def _forget(kept: Kept, limit: int = 10) -> tuple[ExpertId, ...]:
    async with kept.transaction() as tx:
        return await tx.sessions.forget(NOW, limit)


def _each_of(those: dict[str, Callable[[Session], Session]]) -> dict[str, Session]:
    """By an id that tells which it is."""
    return {
        name.replace(" ", "-"): make(a_written_session(name.replace(" ", "-")))
        for name, make in those.items()
    }


async def test_what_is_over_and_done_with_is_forgotten(kept: Kept) -> None:
    await put_expert(kept)
    sessions = _each_of(DONE_WITH)
    assert all(one.over_at < NOW and one.is_done_with for one in sessions.values())
    await _store(kept, *sessions.values())
    assert await _forget(kept) == (EXPERT,)
    assert await _left(kept, *sessions) == []
    assert await _forget(kept) == ()


async def test_what_may_still_matter_is_kept(kept: Kept) -> None:
    await put_expert(kept)
    sessions = _each_of(KEPT)
    assert not any(one.over_at < NOW and one.is_done_with for one in sessions.values())
    await _store(kept, *sessions.values())
    assert await _forget(kept, limit=100) == ()
    assert await _left(kept, *sessions) == list(sessions)


async def test_its_marks_and_its_time_go_with_it(kept: Kept) -> None:
    await put_expert(kept)
    session = a_written_session()
    await _store(kept, session)
    async with kept.transaction() as tx:
        await tx.reserved.reserve(EXPERT, SESSION, session.interval, now=after(hours=-3))
        await tx.sessions.save(_copy(session, mark=EventMark("its second")))
    await _forget(kept)
    async with kept.transaction() as tx:
        assert await tx.sessions.whose_marks(EXPERT, [MARK, EventMark("its second")]) == {}
        assert await tx.reserved.of_session(EXPERT, SESSION) is None


async def test_an_event_that_a_reading_found_elsewhere_keeps_its_session(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await _store(kept, a_written_session(), a_written_session("other"))
    async with kept.transaction() as tx:
        assert await tx.readings.store(
            a_reading_task(), a_reading(deviations=[a_deviation(session_id="other")]), due_at=NOW, now=NOW
        )
    await _forget(kept)
    assert await _left(kept, SESSION, "other") == ["other"]


async def test_the_longest_over_go_first_and_never_more_than_asked_for(kept: Kept) -> None:
    await put_expert(kept, an_expert(), an_expert("other"))
    old = [
        a_written_session(
            f"session-{number}", interval=Interval(after(hours=-9 + number), after(hours=-8 + number))
        )
        for number in range(5)
    ]
    await _store(kept, *reversed(old), a_written_session("of the other", expert_id="other"))
    assert await _forget(kept, limit=3) == (EXPERT,)
    assert await _left(kept, *(one.session_id for one in old)) == ["session-3", "session-4"]
    assert await _forget(kept, limit=3) == (EXPERT, "other")


async def test_an_account_of_former_times_goes_with_the_last_event_in_it(kept: Kept) -> None:
    await put_expert(kept)
    account = an_account()
    waiting = replace(
        a_written_session("waits"),
        status=WriteStatus.WAITING,
        hindrance=Hindrance.RECONNECT_REQUIRED,
        due_at=NOW,
    )
    async with kept.transaction() as tx:
        await tx.accounts.add(account, a_grant())
        await tx.accounts.remove(ACCOUNT)
    await _store(kept, waiting)
    async with kept.transaction() as tx:
        assert await tx.accounts.forget_former([EXPERT], after(days=36_500)) == 0
        await tx.sessions.save(replace(waiting, copy=None, left=(an_event_copy(mark="left"),)))
    async with kept.transaction() as tx:
        assert await tx.accounts.forget_former([EXPERT], after(days=36_500)) == 0
        await tx.sessions.save(replace(waiting, copy=None))
    async with kept.transaction() as tx:
        assert await tx.accounts.forget_former([ExpertId("other")], after(days=36_500)) == 0
        assert await tx.accounts.forget_former([EXPERT], after(days=36_500)) == 1
        assert await tx.accounts.take_former(account) == frozenset()


def _closed(incident_id: str, hours: float) -> Incident:
    return an_incident(incident_id, opened_at=after(days=-9), closed_at=after(hours=hours), mail_due_at=None)


async def test_incidents_are_forgotten_once_they_were_closed_long_ago(kept: Kept) -> None:
    await put_expert(kept)
    closed = [_closed(f"incident-{number}", -number) for number in (1, 2, 3)]
    later, open_one = _closed("later", 0), an_incident("open", opened_at=after(days=-900))
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(), a_grant())
        for one in (*closed, later, open_one):
            assert await tx.incidents.add(one)
        assert await tx.incidents.forget_closed(NOW, 2) == 2
    async with kept.transaction() as tx:
        for gone in closed[1:]:
            with pytest.raises(ReconnectLinkUnknown):
                await tx.incidents.by_token(gone.token)
        assert await tx.incidents.by_token(closed[0].token) == closed[0]
        assert await tx.incidents.forget_closed(NOW, 2) == 1
        assert await tx.incidents.forget_closed(NOW, 2) == 0
        assert await tx.incidents.by_token(later.token) == later
        assert await tx.incidents.open_of(ACCOUNT) == open_one
