"""What is wanted of a session: put, changed, cancelled, revived."""

import uuid
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from domain.errors import EtagMismatch
from domain.event_digest import EventDigest, EventPart
from domain.interval import Interval
from domain.session import Hindrance, Session, WriteStatus, mark_for, new_session
from domain.session_details import SessionDetails
from tests.builders import EXPERT, NOW, SESSION, a_session, after, an_event_copy, an_interval, some_details

LATER = after(hours=1)


def _written(*, cancelled: bool = False, revision: int = 4) -> Session:
    return a_session(
        revision=revision,
        written_revision=revision,
        status=WriteStatus.WRITTEN,
        due_at=None,
        written_at=NOW,
        cancelled=cancelled,
        copy=None if cancelled else an_event_copy(),
        copies=1,
    )


def _put(
    session: Session, *, interval: Interval | None = None, details: SessionDetails | None = None
) -> Session:
    return session.put(interval=interval or session.interval, details=details or session.details, now=LATER)


def test_a_new_session_is_to_be_written_at_once() -> None:
    session = new_session(
        expert_id=EXPERT, session_id=SESSION, interval=an_interval(), details=some_details(), now=NOW
    )
    assert (session.revision, session.written_revision) == (1, 0)
    assert (session.status, session.due_at, session.copy) == (WriteStatus.PENDING, NOW, None)


@pytest.mark.parametrize(
    "session",
    [
        a_session(),
        _written(),
        a_session(
            status=WriteStatus.WAITING, hindrance=Hindrance.RECONNECT_REQUIRED, due_at=after(minutes=5)
        ),
        a_session(status=WriteStatus.FAILED, hindrance=Hindrance.REFUSED_BY_PROVIDER, due_at=None),
    ],
    ids=["pending", "written", "waiting", "failed"],
)
def test_the_same_wish_again_changes_nothing(session: Session) -> None:
    assert _put(session) is session


def test_the_same_time_in_another_offset_is_the_same_wish() -> None:
    session, tokyo = _written(), timezone(timedelta(hours=9))
    start, end = session.interval.start.astimezone(tokyo), session.interval.end.astimezone(tokyo)
    assert _put(session, interval=Interval(start, end)) is session


@pytest.mark.parametrize(
    "details",
    [
        some_details("Another title"),
        some_details(text="Another text."),
        some_details(place=""),
        some_details(join_url="https://meet.example/other"),
        some_details(reminder_minutes=None),
        some_details(reminder_minutes=0),
    ],
)
def test_every_detail_counts_as_a_change(details: SessionDetails) -> None:
    changed = _put(_written(), details=details)
    assert (changed.revision, changed.written_revision) == (5, 4)
    assert changed.details == details


def test_a_change_is_due_at_once_and_forgets_earlier_failures() -> None:
    failed = a_session(
        status=WriteStatus.FAILED, hindrance=Hindrance.REFUSED_BY_PROVIDER, failures=3, due_at=None
    )
    changed = _put(failed, interval=an_interval(starts=48))
    assert changed == replace(
        a_session(), interval=an_interval(starts=48), revision=2, due_at=LATER, failures=0
    )


def test_a_change_keeps_the_event_and_what_was_written() -> None:
    before = _written()
    changed = _put(before, interval=an_interval(starts=48))
    assert (changed.copy, changed.copies) == (before.copy, before.copies)
    assert (changed.written_at, changed.written_revision) == (before.written_at, before.written_revision)


def test_cancelling_is_a_change_to_be_written() -> None:
    before = _written()
    assert before.cancel(now=LATER) == replace(
        before, cancelled=True, revision=5, status=WriteStatus.PENDING, due_at=LATER
    )


def test_cancelling_again_changes_nothing() -> None:
    cancelled = a_session().cancel(now=NOW)
    assert cancelled.cancel(now=LATER) is cancelled


def test_cancelling_before_anything_was_written_is_still_a_revision() -> None:
    cancelled = a_session().cancel(now=LATER)
    assert (cancelled.revision, cancelled.written_revision, cancelled.due_at) == (2, 0, LATER)


@pytest.mark.parametrize("interval", [an_interval(), an_interval(starts=48)], ids=["same time", "other time"])
def test_putting_a_cancelled_session_revives_it(interval: Interval) -> None:
    revived = _put(_written(cancelled=True), interval=interval)
    assert (revived.cancelled, revived.revision, revived.interval) == (False, 5, interval)
    assert (revived.status, revived.due_at) == (WriteStatus.PENDING, LATER)


def test_every_change_has_an_etag_of_its_own() -> None:
    first = a_session()
    moved = _put(first, interval=an_interval(starts=48))
    cancelled = moved.cancel(now=LATER)
    revived = _put(cancelled)
    assert len({one.etag for one in (first, moved, cancelled, revived)}) == 4


@pytest.mark.parametrize("etag", ["", "r4"])
def test_takes_no_etag_or_the_present_one(etag: str) -> None:
    _written(revision=4).require_etag(etag)


@pytest.mark.parametrize("etag", ["r3", "r5", "r40", "4", "R4", "v4"])
def test_refuses_a_stale_etag(etag: str) -> None:
    with pytest.raises(EtagMismatch):
        _written(revision=4).require_etag(etag)


def test_writing_it_does_not_change_the_etag() -> None:
    pending = a_session()
    assert replace(pending, status=WriteStatus.WRITTEN, written_revision=1).etag == pending.etag


def test_only_a_waiting_session_is_woken() -> None:
    waiting = a_session(
        status=WriteStatus.WAITING, hindrance=Hindrance.CALENDAR_MISSING, due_at=after(minutes=5)
    )
    assert waiting.woken(LATER) == replace(waiting, due_at=LATER)
    for status in set(WriteStatus) - {WriteStatus.WAITING}:
        other = a_session(status=status, due_at=None)
        assert other.woken(LATER) is other


def test_a_change_of_what_is_written_remembers_what_that_was() -> None:
    """Where nobody remembered it yet, the session itself is the last that knows."""
    unknown = replace(_written(), copy=an_event_copy(written=EventDigest()))
    for changed in (_put(unknown, details=some_details("Another title")), unknown.cancel(now=LATER)):
        assert changed.copy == an_event_copy(written=unknown.digest)


@pytest.mark.parametrize("status", [one for one in WriteStatus if one is not WriteStatus.WRITTEN])
def test_a_change_of_what_is_not_written_remembers_nothing_wrong(status: WriteStatus) -> None:
    for known in (EventDigest(), a_session(details=some_details("Older")).digest):
        session = a_session(status=status, copy=an_event_copy(written=known))
        assert _put(session, details=some_details("Newer")).copy == session.copy


def test_the_event_of_a_cancelled_session_may_say_anything() -> None:
    left = replace(_written(cancelled=True), copy=an_event_copy(written=EventDigest()))
    assert _put(left, details=some_details("Revived")).copy == left.copy


def test_the_mark_stays_the_same_in_every_process_and_every_release() -> None:
    assert mark_for(a_session()) == "5a000ef8-4466-52af-ab3d-766281ea1636"
    assert uuid.UUID(mark_for(a_session())).version == 5


def test_the_mark_does_not_change_with_the_session() -> None:
    changed = _put(a_session(), details=some_details("Another title"), interval=an_interval(starts=48))
    assert mark_for(changed) == mark_for(a_session()) == mark_for(a_session().cancel(now=LATER))


def test_every_copy_of_every_session_of_every_expert_has_a_mark_of_its_own() -> None:
    marks = {
        mark_for(a_session(session_id, expert_id=expert_id, copies=copies))
        for expert_id in ("e1", "e11")
        for session_id in ("1", "11", "s")
        for copies in range(12)
    }
    assert len(marks) == 2 * 3 * 12


def test_a_session_is_printed_without_its_details_and_the_providers_ids() -> None:
    printed = repr(a_session(copy=an_event_copy(remote_id="AAMkAD-event-1")))
    secrets = ("Coaching", "plan", "Room 4", "meet.example", "AAMkAD")
    assert not any(word in printed for word in secrets)


@pytest.mark.parametrize(
    ("minutes_left", "minutes", "is_said"),
    [(16, 15, True), (15, 15, False), (14, 15, False), (-60, 15, False), (1, 0, True), (0, 0, False), (-9, None, True)],
)  # fmt: skip
def test_a_reminder_whose_moment_has_passed_is_not_said(
    minutes_left: int, minutes: int | None, is_said: bool
) -> None:
    session = a_session(details=some_details(reminder_minutes=minutes))
    now = session.interval.start - timedelta(minutes=minutes_left)

    assert session.details_at(now) == some_details(reminder_minutes=minutes if is_said else None)
    assert session.digest.changed_since(session.digest_at(now)) == (
        set() if is_said else {EventPart.REMINDER}
    )
