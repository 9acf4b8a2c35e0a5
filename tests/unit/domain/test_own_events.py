"""Which entry of a calendar is a session's event, what it leaves free, and what its owner changed about it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.blocking import Days, ShowAs, UnplacedTimes
from domain.deviation import blocked_by
from domain.event_digest import EventDigest
from domain.ids import SessionId
from domain.interval import Interval
from domain.look import Look
from domain.own_event import OwnEvent, own_event
from domain.own_events import Seen
from domain.session import Hindrance, WriteStatus
from tests.builders import ACCOUNT, MARK, SESSION, a_session, after, an_event_copy, an_interval
from tests.unit.domain.looks import (
    A_WEEK_LATER,
    ELSEWHERE,
    OTHER_MARK,
    SLOT,
    WINDOW,
    copied,
    entry,
    look,
    missing,
    moved,
    own,
    seen,
    surplus,
    written,
)

STAYS = Seen(busy=blocked_by(()), deviations=(moved(SLOT, blocks=SLOT, tell=False),))


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


def test_a_moved_event_that_is_tentative_takes_its_time_where_tentative_events_block() -> None:
    tentative = entry(ELSEWHERE, show_as=ShowAs.TENTATIVE)
    assert seen(tentative).deviations == (moved(ELSEWHERE),)
    where = look(tentative_blocks=True)
    assert seen(tentative, where=where).deviations == (moved(ELSEWHERE, blocks=ELSEWHERE),)


def test_a_tentative_copy_is_surplus_where_tentative_events_block() -> None:
    entries = entry(), replace(copied(ELSEWHERE), show_as=ShowAs.TENTATIVE)
    assert seen(*entries).deviations == ()
    found = seen(*entries, where=look(tentative_blocks=True))
    assert (list(found.busy), found.deviations) == ([ELSEWHERE], (surplus(),))


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
    assert found.deviations == (moved(SLOT, blocks=SLOT, tell=False), surplus())


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
    """It takes its time from all but its session: should that be cancelled, this one stays."""
    assert seen(copied(SLOT)) == STAYS
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
    assert seen(copied(SLOT), where=where) == STAYS
    assert seen(entry(), where=where) == Seen(busy=blocked_by(()))
    assert seen(where=where).deviations == (missing(),)


@pytest.mark.parametrize("account", [ACCOUNT, "account-2"])
def test_in_another_calendar_its_id_is_known_and_may_be_that_of_an_invited_copy(account: str) -> None:
    """It takes its time from all but its session: if its owner moved it there it goes with that, a copy may stay."""
    elsewhere = look(account, "AAMkAD-calendar-2", calendar_id="calendar-2")
    assert seen(entry(), where=elsewhere) == STAYS
    assert seen(entry(mark=None), where=elsewhere) == STAYS
    assert seen().deviations == (missing(),)


def test_the_same_calendar_through_another_account_may_show_the_event_under_the_same_id() -> None:
    assert seen(entry(), where=look("account-2", calendar_id="calendar-2")) == Seen(busy=blocked_by(()))


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
