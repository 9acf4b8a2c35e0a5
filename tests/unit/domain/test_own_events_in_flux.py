"""What an event of ours leaves free while its session changes, is cancelled, or is written under our eyes."""

from dataclasses import replace

import pytest

from domain.deviation import blocked_by
from domain.interval import Interval
from domain.own_events import Seen
from domain.session import Hindrance, Session, WriteStatus
from tests.builders import NOW, SESSION, after, an_event_copy
from tests.unit.domain.looks import (
    A_WEEK_LATER,
    ELSEWHERE,
    SLOT,
    copied,
    entry,
    look,
    moved,
    own,
    seen,
    surplus,
    written,
)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": WriteStatus.PENDING, "written_revision": 0},
        {"status": WriteStatus.WAITING, "written_revision": 0},
        {"written_at": NOW},
        {"written_at": after(seconds=1)},
        {"cancelled": True, "status": WriteStatus.PENDING},
    ],
)
def test_nobody_is_told_of_what_we_are_changing_ourselves(changes: dict[str, object]) -> None:
    session = own(written(SLOT, **changes))
    assert seen(sessions=session).deviations == ()
    assert not any(one.tell for one in seen(entry(ELSEWHERE), sessions=session).deviations)


# While a change is under way


def moving(to: Interval = ELSEWHERE, status: WriteStatus = WriteStatus.PENDING) -> Session:
    return written(to, copy=an_event_copy(times=[SLOT]), status=status, revision=2)


@pytest.mark.parametrize("status", [one for one in WriteStatus if one is not WriteStatus.WRITTEN])
@pytest.mark.parametrize("at", [SLOT, ELSEWHERE])
def test_until_it_is_rewritten_the_event_of_a_moved_session_may_be_where_it_was_and_where_it_shall_be(
    status: WriteStatus, at: Interval
) -> None:
    assert seen(entry(at), sessions=own(moving(status=status))) == Seen(busy=blocked_by(()))


def test_a_third_time_blocks_while_a_session_is_moved() -> None:
    found = seen(entry(A_WEEK_LATER), sessions=own(moving()))
    assert found.deviations == (moved(A_WEEK_LATER, blocks=A_WEEK_LATER, revision=2, tell=False),)


def test_attempts_without_an_answer_may_have_come_true() -> None:
    session = replace(moving(A_WEEK_LATER), copy=an_event_copy(times=[SLOT, ELSEWHERE]))
    for at in (SLOT, ELSEWHERE, A_WEEK_LATER):
        assert seen(entry(at), sessions=own(session)) == Seen(busy=blocked_by(()))


def test_a_time_that_was_left_counts_no_more_once_the_event_is_rewritten() -> None:
    assert seen(entry(SLOT), sessions=own(written(ELSEWHERE))).deviations == (moved(SLOT, blocks=SLOT),)


# Cancelled sessions


@pytest.mark.parametrize(
    ("status", "hindrance"),
    [
        (WriteStatus.PENDING, None),
        (WriteStatus.WAITING, Hindrance.PROVIDER_UNAVAILABLE),
        (WriteStatus.WAITING, Hindrance.SERVICE_MISCONFIGURED),
    ],
)
def test_an_event_about_to_be_removed_takes_nothing_where_we_left_it(
    status: WriteStatus, hindrance: Hindrance | None
) -> None:
    session = written(cancelled=True, status=status, hindrance=hindrance)
    assert seen(entry(), sessions=own(session)) == Seen(busy=blocked_by(()))
    assert list(blocked_by(seen(entry(ELSEWHERE), sessions=own(session)).deviations)) == [ELSEWHERE]


@pytest.mark.parametrize(
    ("status", "hindrance"),
    [
        (WriteStatus.WAITING, Hindrance.CALENDAR_NOT_WRITABLE),
        (WriteStatus.WAITING, Hindrance.RECONNECT_REQUIRED),
        (WriteStatus.FAILED, Hindrance.REFUSED_BY_PROVIDER),
        (WriteStatus.WRITTEN, Hindrance.ACCOUNT_DISCONNECTED),
    ],
)
def test_an_event_left_behind_by_a_cancelled_session_blocks(
    status: WriteStatus, hindrance: Hindrance
) -> None:
    session = written(cancelled=True, status=status, hindrance=hindrance)
    for before in (session, written()):
        found = seen(entry(), sessions=own(session, before=(before,)))
        assert list(found.busy) == [SLOT]
        assert found.deviations == (surplus(tell=status is WriteStatus.WRITTEN),)


def test_under_its_id_in_another_calendar_the_time_of_a_cancelled_session_is_taken() -> None:
    """Its event is about to go, which what an invited copy is may outlive."""
    session = written(cancelled=True, status=WriteStatus.PENDING, revision=2)
    elsewhere = look(remote_calendar_id="AAMkAD-calendar-2", calendar_id="calendar-2")
    found = seen(entry(), sessions=own(session), where=elsewhere)
    assert [(one.session_id, one.blocks) for one in found.deviations] == [(SESSION, SLOT)]
    assert list(seen(entry(), sessions=own(session)).busy) == []


@pytest.mark.parametrize("removed", [False, True], ids=["it is about to go", "it went while we looked"])
def test_a_copy_at_the_time_of_a_cancelled_session_blocks(removed: bool) -> None:
    """Though the session's event is gone already, and the copy the only one that carries the mark."""
    then = written(cancelled=True, status=WriteStatus.PENDING, revision=2)
    now = written(cancelled=True, copy=None, revision=2) if removed else then
    for entries in ((copied(SLOT),), (copied(SLOT), copied(A_WEEK_LATER, 2)), (entry(), copied(SLOT))):
        found = seen(*entries, sessions=own(now, before=(then,)))
        assert SLOT in list(found.busy)
        assert SLOT not in list(seen(entry(), sessions=own(now, before=(then,))).busy)


def test_through_another_account_an_event_about_to_be_removed_is_known_by_its_mark() -> None:
    session = written(cancelled=True, status=WriteStatus.PENDING)
    elsewhere = look("account-2", "AAMkAD-shared", calendar_id="calendar-2")
    assert seen(copied(SLOT), sessions=own(session), where=elsewhere) == Seen(busy=blocked_by(()))


def test_an_event_that_stays_although_it_was_removed_blocks() -> None:
    removed = written(cancelled=True, copy=None)
    found = seen(entry(), sessions=own(removed))
    assert list(found.busy) == [SLOT]
    assert found.deviations == (surplus(),)


# What changes while we look


def test_an_event_moved_by_us_while_we_look_may_be_seen_before_or_after() -> None:
    then, now = written(), written(ELSEWHERE, revision=2, written_revision=2, written_at=after(seconds=1))
    sessions = own(now, before=(then,))
    for at in (SLOT, ELSEWHERE):
        assert seen(entry(at), sessions=sessions) == Seen(busy=blocked_by(()))
    assert seen(sessions=sessions).deviations == ()
    assert sessions.changed_during(look(), SESSION)


def test_an_event_removed_by_us_while_we_look_takes_nothing() -> None:
    gone = written(cancelled=True, copy=None, revision=2, written_revision=2, written_at=after(seconds=1))
    sessions = own(gone, before=(written(cancelled=True, status=WriteStatus.PENDING, revision=2),))
    assert seen(entry(), sessions=sessions) == Seen(busy=blocked_by(()))
    assert list(seen(entry(ELSEWHERE), sessions=sessions).busy) == [ELSEWHERE]


def test_an_event_written_by_us_while_we_look_is_known_for_ours() -> None:
    sessions = own(written(written_at=after(seconds=1)), before=())
    assert seen(entry(), sessions=sessions) == Seen(busy=blocked_by(()))
    assert seen(sessions=sessions).deviations == ()


def test_nothing_changed_meanwhile_where_nothing_did() -> None:
    assert not own(written()).changed_during(look(), SESSION)
    assert not own(written(), before=()).changed_during(look(), SESSION)
    assert own(written(written_at=after(seconds=1)), before=()).changed_during(look(), SESSION)
