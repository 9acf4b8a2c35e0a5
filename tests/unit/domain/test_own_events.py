"""Which entry of a calendar is a session's event, what it leaves free, and what its owner changed about it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.blocking import CalendarEntry, Days, Instants, ShowAs, UnplacedTimes
from domain.deviation import Deviation, DeviationKind, blocked_by
from domain.event_digest import EventDigest
from domain.ids import AccountId, CalendarId, EventMark, SessionId
from domain.interval import Interval
from domain.look import Look
from domain.own_event import OwnEvent, own_event
from domain.own_events import OwnEvents, Seen
from domain.session import Hindrance, Session, WriteStatus
from tests.builders import ACCOUNT, CALENDAR, MARK, NOW, SESSION, a_session, after, an_event_copy, an_interval

EVENT_ID = "AAMkAD-event-1"
OTHER_MARK = EventMark("00000000-0000-5000-8000-000000000002")
HOME = "AAMkAD-calendar-1"
WINDOW = Interval(NOW, after(days=14))
SLOT = an_interval()
ELSEWHERE = an_interval(starts=29)
A_WEEK_LATER = an_interval(starts=24 + 7 * 24)
BERLIN = ZoneInfo("Europe/Berlin")


def written(interval: Interval = SLOT, **more: object) -> Session:
    """A session whose event was written an hour ago."""
    settled: dict[str, object] = {
        "interval": interval,
        "copy": an_event_copy(times=[interval]),
        "status": WriteStatus.WRITTEN,
        "written_revision": 1,
        "written_at": after(hours=-1),
        "due_at": None,
    }
    return a_session(**(settled | more))  # type: ignore[arg-type]


def entry(
    at: Interval = SLOT,
    *,
    remote_id: str | None = EVENT_ID,
    mark: EventMark | None = MARK,
    show_as: ShowAs = ShowAs.BUSY,
) -> CalendarEntry:
    return CalendarEntry(when=Instants(at.start, at.end), show_as=show_as, mark=mark, remote_id=remote_id)


def copied(at: Interval, number: int = 1) -> CalendarEntry:
    """As Outlook copies an event: under an id of its own, with the mark."""
    return entry(at, remote_id=f"AAMkAD-copy-{number}")


def look(account_id: str = ACCOUNT, remote_calendar_id: str = HOME, *, calendar_id: str = CALENDAR) -> Look:
    return Look(
        account_id=AccountId(account_id),
        calendar_id=CalendarId(calendar_id),
        remote_calendar_id=remote_calendar_id,
        window=WINDOW,
        zone=BERLIN,
        read_at=NOW,
    )


def own(
    *sessions: Session, before: tuple[Session, ...] | None = None, marks: tuple[str, ...] = (MARK,)
) -> OwnEvents:
    """All marks are of the first session."""
    return OwnEvents.of(
        [own_event(one) for one in (sessions if before is None else before)],
        [own_event(one) for one in sessions],
        {EventMark(mark): sessions[0].session_id for mark in marks},
    )


def seen(*entries: CalendarEntry, sessions: OwnEvents | None = None, where: Look | None = None) -> Seen:
    return (sessions or own(written())).seen(entries, where or look())


def moved(
    at: Interval | None, *, blocks: Interval | None = None, revision: int = 1, tell: bool = True
) -> Deviation:
    return Deviation(
        session_id=SESSION, revision=revision, kind=DeviationKind.MOVED, at=at, blocks=blocks, tell=tell
    )


def missing() -> Deviation:
    return Deviation(session_id=SESSION, revision=1, kind=DeviationKind.MISSING, tell=True)


def surplus(*, tell: bool = True) -> Deviation:
    return Deviation(session_id=SESSION, revision=1, kind=DeviationKind.SURPLUS, tell=tell)


def test_the_event_of_a_live_session_at_its_time_takes_nothing() -> None:
    assert seen(entry()) == Seen(busy=blocked_by(()))


@pytest.mark.parametrize(
    "at",
    [
        ELSEWHERE,
        A_WEEK_LATER,
        an_interval(starts=24.5),
        an_interval(hours=2),
        an_interval(hours=0.5),
        Interval(SLOT.start - timedelta(minutes=1), SLOT.end),
    ],
)
def test_an_event_at_any_other_time_blocks_all_of_it_for_all_but_its_session(at: Interval) -> None:
    found = seen(entry(at))
    assert list(found.busy) == []
    assert found.deviations == (moved(at, blocks=at),)
    assert list(blocked_by(found.deviations)) == [at]
    assert list(blocked_by(found.deviations, but=[SESSION])) == []
    assert list(blocked_by(found.deviations, but=[SessionId("session-2")])) == [at]


def test_a_moved_event_that_is_shown_as_free_takes_nothing_and_is_told() -> None:
    assert seen(entry(ELSEWHERE, show_as=ShowAs.FREE)).deviations == (moved(ELSEWHERE),)


@pytest.mark.parametrize("show_as", ShowAs)
def test_an_event_at_its_time_is_as_we_left_it_whatever_its_status(show_as: ShowAs) -> None:
    assert seen(entry(show_as=show_as)).deviations == ()


def test_an_event_turned_into_a_day_blocks_the_day() -> None:
    day = date(2027, 3, 2)
    when = Days(day, day + timedelta(days=1))
    (deviation,) = seen(replace(entry(), when=when)).deviations
    midnight = datetime(2027, 3, 1, 23, tzinfo=UTC)
    assert deviation.blocks == Interval(midnight, midnight + timedelta(days=1))


def test_an_event_whose_zone_nobody_can_resolve_is_not_at_its_time() -> None:
    naive = UnplacedTimes(SLOT.start.replace(tzinfo=None), SLOT.end.replace(tzinfo=None))
    (deviation,) = seen(replace(entry(), when=naive)).deviations
    assert deviation.blocks is not None
    assert deviation.blocks.holds(SLOT)


def test_only_what_lies_in_the_window_is_taken() -> None:
    at = Interval(WINDOW.end - timedelta(minutes=30), WINDOW.end + timedelta(minutes=30))
    assert seen(entry(at)).deviations == (moved(at, blocks=Interval(at.start, WINDOW.end)),)


def test_a_time_cut_off_at_seconds_or_minutes_is_the_same() -> None:
    odd = Interval(SLOT.start + timedelta(seconds=7.25), SLOT.end + timedelta(seconds=7.25))
    session = own(written(odd))
    for precision in (timedelta(seconds=7), timedelta()):
        printed = Interval(SLOT.start + precision, SLOT.end + precision)
        assert seen(entry(printed), sessions=session).deviations == ()
    later = Interval(SLOT.start + timedelta(seconds=8), SLOT.end + timedelta(seconds=8))
    assert seen(entry(later), sessions=session).deviations == (moved(later, blocks=later),)


# Copies


@pytest.mark.parametrize("at", [SLOT, A_WEEK_LATER])
def test_a_copy_blocks_beside_the_event_and_is_told_once(at: Interval) -> None:
    found = seen(copied(at), entry(), copied(at, 2))
    assert list(found.busy) == [at]
    assert found.deviations == (surplus(),)


def test_a_copy_at_the_sessions_time_does_not_free_an_event_that_was_moved() -> None:
    found = seen(copied(SLOT), entry(ELSEWHERE))
    assert list(found.busy) == [SLOT]
    assert found.deviations == (moved(ELSEWHERE, blocks=ELSEWHERE), surplus())


def test_of_a_series_one_occurrence_at_most_is_the_event() -> None:
    weekly = [copied(an_interval(starts=24 + 7 * 24 * number), number) for number in range(2)]
    found = seen(*weekly)
    assert list(found.busy) == [A_WEEK_LATER]
    assert found.deviations == (surplus(),)


def test_a_series_without_an_occurrence_at_the_sessions_time_blocks_and_leaves_the_event_missing() -> None:
    daily = [copied(an_interval(starts=29 + 24 * number), number) for number in range(2)]
    found = seen(*daily)
    assert list(found.busy) == [an_interval(starts=29), an_interval(starts=53)]
    assert found.deviations == (missing(), surplus())


def test_an_event_that_a_session_had_before_blocks() -> None:
    """Deleted, written again under another mark, and brought back."""
    old = entry(remote_id="AAMkAD-old-event", mark=OTHER_MARK)
    found = seen(old, entry(), sessions=own(written(), marks=(MARK, OTHER_MARK)))
    assert list(found.busy) == [SLOT]
    assert found.deviations == (surplus(),)


def test_a_copy_that_takes_no_time_is_nobodys_business() -> None:
    assert seen(entry(), replace(copied(A_WEEK_LATER), show_as=ShowAs.FREE)).deviations == ()
    assert seen(entry(), copied(an_interval(starts=400))).deviations == ()


def test_an_event_seen_twice_is_still_one_event() -> None:
    assert seen(entry(), entry()) == Seen(busy=blocked_by(()))


# Recognised by what


def test_an_event_that_lost_its_mark_is_known_by_its_id() -> None:
    assert seen(entry(mark=None)) == Seen(busy=blocked_by(()))
    assert seen(entry(ELSEWHERE, mark=None)).deviations == (moved(ELSEWHERE, blocks=ELSEWHERE),)


def test_an_event_whose_id_is_another_by_now_is_known_by_its_mark() -> None:
    assert seen(copied(SLOT)) == Seen(busy=blocked_by(()))
    assert seen(copied(ELSEWHERE)).deviations == (moved(ELSEWHERE, blocks=ELSEWHERE),)


def test_an_event_whose_creation_has_no_answer_yet_is_known_by_its_mark() -> None:
    begun = a_session(copy=an_event_copy(remote_id=None), status=WriteStatus.WAITING)
    assert seen(entry(), sessions=own(begun)) == Seen(busy=blocked_by(()))
    assert seen(sessions=own(begun)).deviations == ()


def test_a_mark_of_nobody_frees_nothing_and_tells_nobody() -> None:
    found = seen(entry(), entry(remote_id="AAMkAD-theirs", mark=OTHER_MARK))
    assert list(found.busy) == [SLOT]
    assert found.deviations == ()


def test_in_another_calendar_of_the_account_a_mark_is_a_copys() -> None:
    found = seen(copied(SLOT), where=look(remote_calendar_id="AAMkAD-calendar-2", calendar_id="calendar-2"))
    assert list(found.busy) == [SLOT]
    assert found.deviations == (surplus(),)


@pytest.mark.parametrize(
    "where",
    [look(remote_calendar_id="another-by-now"), look(calendar_id="another-of-ours")],
    ids=["the mailbox was moved", "the event was followed"],
)
def test_its_calendar_is_known_by_either_id(where: Look) -> None:
    assert seen(copied(SLOT), where=where) == Seen(busy=blocked_by(()))
    assert seen(where=where).deviations == (missing(),)


def test_an_event_moved_to_another_calendar_is_known_by_its_id() -> None:
    assert seen(
        entry(), where=look(remote_calendar_id="AAMkAD-calendar-2", calendar_id="calendar-2")
    ) == Seen(busy=blocked_by(()))
    assert seen().deviations == (missing(),)


def test_another_account_that_sees_the_calendar_sees_the_same_event_and_tells_nobody() -> None:
    where = look("account-2", "AAMkAD-the-same-shared", calendar_id="calendar-2")
    assert seen(copied(SLOT), where=where) == Seen(busy=blocked_by(()))
    assert seen(copied(ELSEWHERE), where=where).deviations == (
        moved(ELSEWHERE, blocks=ELSEWHERE, tell=False),
    )
    assert seen(where=where).deviations == ()


# Missing


def test_an_event_that_is_not_in_its_calendar_is_told() -> None:
    assert seen() == Seen(busy=blocked_by(()), deviations=(missing(),))


def test_what_lies_outside_the_window_is_not_missed() -> None:
    assert seen(sessions=own(written(an_interval(starts=15 * 24)))).deviations == ()
    assert seen(sessions=own(written(an_interval(starts=-1)))).deviations == ()


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


@pytest.mark.parametrize("status", set(WriteStatus) - {WriteStatus.WRITTEN})
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


def test_sessions_do_not_get_in_each_others_way() -> None:
    other_copy = an_event_copy(mark=OTHER_MARK, remote_id="AAMkAD-event-2", times=[ELSEWHERE])
    other = written(ELSEWHERE, session_id="session-2", copy=other_copy)
    swapped = entry(ELSEWHERE), entry(SLOT, remote_id="AAMkAD-event-2", mark=OTHER_MARK)
    found = seen(*swapped, sessions=own(written(), other))
    assert [(one.session_id, one.blocks) for one in found.deviations] == [
        (SESSION, ELSEWHERE),
        ("session-2", SLOT),
    ]


def test_what_is_needed_of_a_session_is_taken_over() -> None:
    session = written(hindrance=Hindrance.PROVIDER_UNAVAILABLE)
    assert own_event(session) == OwnEvent(
        session_id=SESSION,
        revision=1,
        interval=SLOT,
        cancelled=False,
        status=WriteStatus.WRITTEN,
        hindrance=Hindrance.PROVIDER_UNAVAILABLE,
        written_at=after(hours=-1),
        copy=replace(an_event_copy(), written=EventDigest()),
    )
