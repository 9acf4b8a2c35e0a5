"""What every way to end a look that found what is stored keeps to: it does so only if nothing happened meanwhile."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from application.ports.lanes import Room
from application.ports.store import Transaction
from application.ports.unchanged_looks import UnchangedLook
from domain.ids import EventMark
from domain.reading import BegunLook, Pace
from tests.builders import (
    ACCOUNT,
    CALENDAR,
    EXPERT,
    MARK,
    NOW,
    SESSION,
    a_reading,
    a_session,
    after,
    an_event_copy,
    an_expert,
    an_interval,
)
from tests.support.kept_readings import begin_reading, due_calendars, store_reading
from tests.support.looks import begin_look
from tests.support.stores import Kept, choose_calendars, put_conflict_calendars

READING = a_reading(busy=[an_interval()])
BEGUN_AT = after(minutes=5)
DUE_AT = after(minutes=10)
PACE = Pace()


async def _read_once(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await store_reading(kept, await begin_reading(kept), READING, due=0)


async def _begun(kept: Kept) -> UnchangedLook:
    """A look at the one calendar, which was read once and is due."""
    async with kept.transaction() as tx:
        (look,) = await tx.readings.begin_due(
            Room(places=5, again=5), now=BEGUN_AT, until=after(minutes=7), pace=PACE, jitter=[0.0] * 5
        )
        own = await tx.sessions.own_snapshots([EXPERT], READING.window)
    return _unchanged(look, own[EXPERT].version)


def _unchanged(look: BegunLook, version: str, *foreign: str) -> UnchangedLook:
    return UnchangedLook(
        look=look,
        window=READING.window,
        own_version=version,
        foreign=frozenset(map(EventMark, foreign)),
        due_at=DUE_AT,
    )


async def test_what_is_stored_is_true_as_of_when_the_look_began(kept: Kept) -> None:
    await _read_once(kept)
    unchanged = await _begun(kept)
    assert unchanged.look.due_at == DUE_AT
    assert await kept.unchanged_looks.end(unchanged)
    task = await begin_reading(kept)
    assert task.previous == replace(READING, read_at=BEGUN_AT)
    assert await due_calendars(kept, minutes=9.9) == ()
    assert await due_calendars(kept, minutes=10) == (CALENDAR,)
    known = await kept.known_times.of([EXPERT], an_interval(), now=NOW)
    assert known[EXPERT].calendars[0].reading == task.previous


async def test_a_look_ends_once(kept: Kept) -> None:
    await _read_once(kept)
    unchanged = await _begun(kept)
    assert await kept.unchanged_looks.end(unchanged)
    assert not await kept.unchanged_looks.end(unchanged)


async def test_a_look_that_was_asked_for_is_planned_by_its_end(kept: Kept) -> None:
    await _read_once(kept)
    async with kept.transaction() as tx:
        look = await begin_look(tx, CALENDAR, now=BEGUN_AT, until=after(minutes=7))
        own = await tx.sessions.own_snapshots([EXPERT], READING.window)
    assert look is not None
    assert await kept.unchanged_looks.end(_unchanged(look, own[EXPERT].version))
    assert await due_calendars(kept, minutes=9.9) == ()
    assert await due_calendars(kept, minutes=10) == (CALENDAR,)


async def test_its_end_takes_account_of_the_marks_from_before(kept: Kept) -> None:
    await _read_once(kept)
    async with kept.transaction() as tx:
        await tx.readings.mark(CALENDAR, NOW)
    unchanged = await _begun(kept)
    assert unchanged.look.noticed
    assert await kept.unchanged_looks.end(unchanged)
    again = await _begun_at(kept, minutes=10)
    assert not again.noticed


async def _begun_at(kept: Kept, *, minutes: float) -> BegunLook:
    async with kept.transaction() as tx:
        (look,) = await tx.readings.begin_due(
            Room(places=1, again=1),
            now=after(minutes=minutes),
            until=after(minutes=minutes + 2),
            pace=PACE,
            jitter=[0.0],
        )
    return look


async def test_its_end_ends_the_row_of_failures(kept: Kept) -> None:
    await _read_once(kept)
    task = await begin_reading(kept)
    async with kept.transaction() as tx:
        await tx.readings.failed(task, due_at=NOW)
    assert await kept.unchanged_looks.end(await _begun(kept))
    assert (await begin_reading(kept)).failures == 0


async def _store_another(tx: Transaction) -> None:
    task = await tx.readings.task(CALENDAR)
    assert task is not None
    await tx.readings.store(task, replace(READING, read_at=after(minutes=6)), due_at=DUE_AT, now=DUE_AT)


async def _fail(tx: Transaction) -> None:
    task = await tx.readings.task(CALENDAR)
    assert task is not None
    await tx.readings.failed(task, due_at=after(minutes=6))


async def _move_session(tx: Transaction) -> None:
    await tx.sessions.save(a_session(copy=an_event_copy(), revision=2, interval=an_interval(starts=40)))


async def _write_session(tx: Transaction) -> None:
    await tx.sessions.save(a_session(copy=an_event_copy(), written_at=NOW))


@pytest.mark.parametrize(
    "happens",
    [
        lambda tx: tx.readings.mark(CALENDAR, NOW),
        lambda tx: begin_look(tx, CALENDAR, now=after(minutes=6), until=DUE_AT),
        lambda tx: tx.readings.spare(ACCOUNT, until=after(minutes=30)),
        _store_another,
        _fail,
        _move_session,
        _write_session,
        lambda tx: tx.sessions.add(a_session("another", copy=an_event_copy(mark="another"))),
        lambda tx: tx.accounts.remove(ACCOUNT),
        lambda tx: tx.experts.remove(EXPERT),
    ],
    ids=["mark", "begun", "spared", "stored", "failed", "moved", "written", "booked", "gone", "erased"],
)
async def test_nothing_is_changed_when_anything_happened_meanwhile(
    kept: Kept, happens: Callable[[Transaction], Awaitable[object]]
) -> None:
    await _read_once(kept)
    async with kept.transaction() as tx:
        await tx.sessions.add(a_session(copy=an_event_copy()))
    unchanged = await _begun(kept)
    async with kept.transaction() as tx:
        await happens(tx)
        before = await tx.readings.task(CALENDAR)
    assert not await kept.unchanged_looks.end(unchanged)
    async with kept.transaction() as tx:
        assert await tx.readings.task(CALENDAR) == before


async def test_a_calendar_chosen_anew_is_another(kept: Kept) -> None:
    await _read_once(kept)
    unchanged = await _begun(kept)
    await choose_calendars(kept, version=1)
    await choose_calendars(kept, CALENDAR, version=2)
    assert not await kept.unchanged_looks.end(unchanged)


async def test_what_happens_to_another_experts_sessions_makes_no_difference(kept: Kept) -> None:
    await _read_once(kept)
    unchanged = await _begun(kept)
    async with kept.transaction() as tx:
        await tx.experts.put(an_expert("other"))
        await tx.sessions.add(a_session(expert_id="other", copy=an_event_copy()))
    assert await kept.unchanged_looks.end(replace(unchanged, foreign=frozenset({MARK})))


async def test_a_mark_that_the_experts_sessions_ever_gave_needs_a_closer_look(kept: Kept) -> None:
    await _read_once(kept)
    done_with = replace(a_session(copy=an_event_copy()), cancelled=True)
    async with kept.transaction() as tx:
        await tx.sessions.add(done_with)
        await tx.sessions.save(replace(done_with, copy=None))
    unchanged = await _begun(kept)
    odd = EventMark("\x00\ud800")
    assert not await kept.unchanged_looks.end(replace(unchanged, foreign=frozenset({MARK, odd})))
    assert await kept.unchanged_looks.end(replace(unchanged, foreign=frozenset({odd, EventMark("others")})))


async def test_the_version_of_own_events_is_the_same_as_long_as_they_are(kept: Kept) -> None:
    await _read_once(kept)
    session = a_session(copy=an_event_copy())
    async with kept.transaction() as tx:
        await tx.sessions.add(session)
    window = READING.window
    async with kept.transaction() as tx:
        first = await tx.sessions.own_snapshots([EXPERT], window)
        assert first[EXPERT].events == await tx.sessions.own_events(EXPERT, window)
    async with kept.transaction() as tx:
        assert await tx.sessions.own_snapshots([EXPERT], window) == first
        assert await tx.sessions.own_snapshots([], window) == {}
        await tx.sessions.save(replace(session, revision=session.revision + 1))
    async with kept.transaction() as tx:
        second = await tx.sessions.own_snapshots([EXPERT], window)
    assert second[EXPERT].version != first[EXPERT].version
    assert SESSION in {one.session_id for one in second[EXPERT].events}
