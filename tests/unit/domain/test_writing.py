"""The next step of writing a session, and what follows from its outcome."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import writing
from domain.account import Account
from domain.calendar_settings import WriteCalendar, WriteCalendarState
from domain.event_digest import EventDigest, EventPart
from domain.ids import AccountId
from domain.session import EventCopy, EventPlace, Hindrance, Replacement, WriteStatus, mark_for
from domain.writing import Create, Delete, Remove, Resolve, Settle, Step, Update, Wait, next_step
from tests.builders import (
    ACCOUNT,
    NOW,
    a_calendar,
    a_session,
    after,
    an_account,
    an_event_copy,
    an_interval,
    some_details,
)

LATER = after(hours=1)
OTHER = a_calendar("calendar-2", account_id="account-2")
READY = WriteCalendar(state=WriteCalendarState.READY, calendar=OTHER)
MISSING = WriteCalendar(state=WriteCalendarState.CALENDAR_MISSING)
ACTIVE = {ACCOUNT: an_account(), AccountId("account-2"): an_account("account-2")}
LOST = ACTIVE | {ACCOUNT: an_account().lost()}
DISCONNECTED = {AccountId("account-2"): an_account("account-2")}
NOBODY: dict[AccountId, Account] = {}

EVENT = an_event_copy()
BEGUN = an_event_copy(remote_id=None)
LEFT = an_event_copy(account_id="account-2", mark="left-behind", written=EventDigest())


# The next step


@pytest.mark.parametrize(
    ("copy", "cancelled", "accounts", "target", "step"),
    [
        (None, False, ACTIVE, READY, Create(OTHER, None)),
        (None, False, ACTIVE, MISSING, Wait(Hindrance.CALENDAR_MISSING)),
        (None, True, ACTIVE, READY, Settle()),
        (None, True, NOBODY, MISSING, Settle()),
        (EVENT, False, ACTIVE, READY, Update(EVENT)),
        (EVENT, False, ACTIVE, MISSING, Update(EVENT)),
        (EVENT, True, ACTIVE, READY, Delete(EVENT)),
        (EVENT, True, ACTIVE, MISSING, Delete(EVENT)),
        (BEGUN, False, ACTIVE, READY, Resolve(BEGUN)),
        (BEGUN, False, ACTIVE, MISSING, Resolve(BEGUN)),
        (BEGUN, True, ACTIVE, READY, Resolve(BEGUN)),
        (EVENT, False, LOST, READY, Wait(Hindrance.RECONNECT_REQUIRED)),
        (EVENT, True, LOST, READY, Wait(Hindrance.RECONNECT_REQUIRED)),
        (BEGUN, False, LOST, READY, Wait(Hindrance.RECONNECT_REQUIRED)),
        (BEGUN, True, LOST, READY, Wait(Hindrance.RECONNECT_REQUIRED)),
        (EVENT, False, DISCONNECTED, READY, Create(OTHER, Replacement.ACCOUNT_DISCONNECTED)),
        (BEGUN, False, DISCONNECTED, READY, Create(OTHER, Replacement.ACCOUNT_DISCONNECTED)),
        (EVENT, False, DISCONNECTED, MISSING, Wait(Hindrance.CALENDAR_MISSING)),
        (BEGUN, False, DISCONNECTED, MISSING, Wait(Hindrance.CALENDAR_MISSING)),
        (EVENT, True, DISCONNECTED, READY, Settle()),
        (BEGUN, True, DISCONNECTED, READY, Settle()),
    ],
)
def test_the_next_step_follows_from_the_event_the_wish_and_the_accounts(
    copy: EventCopy | None,
    cancelled: bool,
    accounts: dict[AccountId, Account],
    target: WriteCalendar,
    step: Step,
) -> None:
    assert next_step(a_session(copy=copy, cancelled=cancelled), accounts, target) == step


@pytest.mark.parametrize("state", [one for one in WriteCalendarState if one is not WriteCalendarState.READY])
def test_a_session_without_a_calendar_waits_and_says_for_what(state: WriteCalendarState) -> None:
    step = next_step(a_session(), ACTIVE, WriteCalendar(state=state))
    assert step == Wait(Hindrance[state.name])


def test_an_event_left_behind_is_removed_after_the_sessions_own_event() -> None:
    session = a_session(copy=EVENT, left=[LEFT])
    assert next_step(session, ACTIVE, READY) == Update(EVENT)
    rest = writing.written(session, revision=1, interval=session.interval, digest=session.digest, now=NOW)
    assert (rest.status, rest.written_revision) == (WriteStatus.PENDING, 1)
    assert next_step(rest, ACTIVE, READY) == Remove(LEFT)
    done = writing.settled(writing.left_removed(rest, LEFT), now=LATER)
    assert (done.status, done.due_at, done.left, done.copy) == (WriteStatus.WRITTEN, None, (), rest.copy)
    assert (done.hindrance, done.written_at) == (None, NOW)


@pytest.mark.parametrize("cancelled", [False, True])
@pytest.mark.parametrize(
    ("accounts", "step"),
    [
        (ACTIVE, Remove(LEFT)),
        ({ACCOUNT: an_account()}, Settle()),
        (ACTIVE | {LEFT.account_id: an_account("account-2").lost()}, Wait(Hindrance.RECONNECT_REQUIRED)),
    ],
)
def test_an_event_left_behind_is_removed_once_its_account_is_back(
    accounts: dict[AccountId, Account], step: Step, cancelled: bool
) -> None:
    copy = None if cancelled else EVENT
    session = a_session(written_revision=1, cancelled=cancelled, copy=copy, left=[LEFT])
    assert next_step(session, accounts, MISSING) == step


def test_an_event_left_behind_is_removed_while_the_session_waits_elsewhere() -> None:
    accounts = {ACCOUNT: an_account().lost(), LEFT.account_id: an_account("account-2")}
    assert next_step(a_session(copy=EVENT, left=[LEFT]), accounts, READY) == Remove(LEFT)
    assert next_step(a_session(left=[LEFT]), ACTIVE, MISSING) == Remove(LEFT)


def test_a_new_event_leaves_the_old_one_behind() -> None:
    begun = writing.begun(a_session(copy=EVENT), Create(OTHER, Replacement.ACCOUNT_DISCONNECTED), NOW)
    assert begun.left == (replace(EVENT, written=EventDigest()),)
    again = writing.begun(writing.without_event(begun, why=None), Create(OTHER, None), NOW)
    assert again.left == begun.left


def test_no_more_events_left_behind_are_remembered_than_a_row_can_bear() -> None:
    session = a_session()
    for _ in range(writing.MOST_LEFT + 3):
        session = writing.begun(session, Create(OTHER, None), NOW)
    assert session.copy is not None
    assert len({one.mark for one in session.left} - {session.copy.mark}) == writing.MOST_LEFT


def test_what_stays_behind_for_good_is_told() -> None:
    cancelled = a_session(cancelled=True, written_revision=1, left=[LEFT])
    stays = writing.settled(writing.left_for_good(cancelled, LEFT), now=LATER)
    assert (stays.left, stays.hindrance, stays.replacement) == ((), None, Replacement.ACCOUNT_DISCONNECTED)
    removed = writing.left_removed(writing.settled(cancelled, now=NOW), LEFT)
    assert (removed.left, removed.replacement) == ((), None)


@pytest.mark.parametrize("why", [None, *Replacement])
def test_the_reason_for_a_new_event_is_kept_until_there_is_one(why: Replacement | None) -> None:
    session = writing.without_event(a_session(copy=EVENT), why=why)
    waited = writing.waiting(session, Hindrance.CALENDAR_MISSING, now=NOW)
    step = next_step(waited, ACTIVE, READY)
    assert step == Create(OTHER, why)
    assert writing.begun(waited, Create(OTHER, why), NOW).replacement is why


# What follows


def test_a_begun_event_is_remembered_with_its_place_and_mark_before_it_exists() -> None:
    session = a_session(details=some_details(reminder_minutes=30))
    begun = writing.begun(session, Create(OTHER, Replacement.EVENT_DELETED), NOW)
    assert begun == replace(
        session,
        copy=an_event_copy(
            account_id="account-2",
            calendar_id="calendar-2",
            remote_calendar_id=OTHER.remote.remote_id,
            mark=mark_for(session),
            remote_id=None,
            written=session.digest,
        ),
        copies=1,
        replacement=Replacement.EVENT_DELETED,
    )


def test_every_deliberate_new_event_gets_another_mark() -> None:
    session, marks = a_session(), set()
    for _ in range(5):
        session = writing.begun(writing.without_event(session, why=None), Create(OTHER, None), NOW)
        assert session.copy is not None
        marks.add(session.copy.mark)
    assert len(marks) == session.copies == 5


@pytest.mark.parametrize("why", [None, Replacement.ACCOUNT_DISCONNECTED])
def test_an_event_that_surely_was_not_created_is_begun_again_under_the_same_mark(
    why: Replacement | None,
) -> None:
    begun = writing.begun(a_session(copies=3), Create(OTHER, why), NOW)
    undone = writing.not_begun(begun)
    assert (undone.copy, undone.copies) == (None, 3)
    assert next_step(undone, ACTIVE, READY) == Create(OTHER, why)
    assert writing.begun(undone, Create(OTHER, why), NOW) == begun


def test_the_mark_of_a_begun_event_survives_changes_until_its_outcome_is_known() -> None:
    begun = writing.begun(a_session(), Create(OTHER, None), NOW)
    changed = begun.put(interval=begun.interval, details=some_details("Another"), now=LATER)
    assert next_step(changed.cancel(now=LATER), ACTIVE, READY) == Resolve(begun.copy or EVENT)
    assert changed.copy == begun.copy


def test_every_time_at_which_the_event_may_lie_is_remembered_until_one_is_sure() -> None:
    first, second, third = (an_interval(starts=starts) for starts in (1, 2, 3))
    session = writing.begun(a_session(interval=first), Create(OTHER, None), NOW)
    for interval in (second, third, second):
        moved = session.put(interval=interval, details=session.details, now=LATER)
        session = writing.delayed(writing.attempted(moved), Hindrance.PROVIDER_UNAVAILABLE, now=LATER)
    assert session.copy is not None
    assert session.copy.times == (first, third, second)

    done = writing.written(session, revision=4, interval=second, digest=session.digest, now=LATER)
    assert done.copy is not None
    assert done.copy.times == (second,)


def test_no_more_times_are_remembered_than_a_row_can_bear() -> None:
    session = writing.begun(a_session(), Create(OTHER, None), NOW)
    for hour in range(100):
        moved = session.put(interval=an_interval(starts=hour), details=session.details, now=LATER)
        session = writing.attempted(moved)
    assert session.copy is not None
    assert session.copy.times == tuple(an_interval(starts=hour) for hour in range(92, 100))


def test_a_removal_leaves_the_event_where_it_was() -> None:
    session = a_session(copy=EVENT).put(interval=an_interval(starts=9), details=some_details(), now=NOW)
    cancelled = session.cancel(now=NOW)
    assert writing.attempted(cancelled) is cancelled


def test_what_is_about_to_be_sent_is_not_known_until_it_is_answered() -> None:
    session = a_session(copy=EVENT, details=some_details("New", place="Garden"))
    sent = writing.attempted(session)
    assert sent.copy is not None
    assert session.digest.changed_since(sent.copy.written) == {EventPart.TITLE, EventPart.PLACE}
    back = sent.put(interval=sent.interval, details=some_details(place="Garden"), now=LATER)
    assert back.digest.changed_since(sent.copy.written) == {EventPart.TITLE, EventPart.PLACE}
    assert writing.attempted(back) == back
    assert writing.attempted(sent) == sent


def test_of_a_begun_event_that_is_discovered_nothing_is_known() -> None:
    place = EventPlace(remote_calendar_id="AAMkAD-elsewhere", remote_id="AAMkAD-event-1")
    session = a_session(copy=BEGUN)
    discovered = writing.discovered(session, place)
    assert discovered.copy == replace(BEGUN, written=EventDigest()).at(place)


def test_a_found_event_is_brought_up_to_date_or_removed() -> None:
    assert EVENT.place is not None
    found = writing.found(a_session(copy=BEGUN), EVENT.place)
    assert next_step(found, ACTIVE, READY) == Update(EVENT)
    assert next_step(found.cancel(now=LATER), ACTIVE, READY) == Delete(EVENT)


def test_a_written_session_is_done() -> None:
    session = a_session(revision=3, copy=EVENT, failures=2, hindrance=Hindrance.PROVIDER_UNAVAILABLE)
    sent = a_session(details=some_details("As written"), interval=an_interval(starts=3))
    done = writing.written(session, revision=3, interval=sent.interval, digest=sent.digest, now=LATER)
    assert done == replace(
        session,
        copy=an_event_copy(times=[sent.interval], written=sent.digest),
        written_revision=3,
        written_at=LATER,
        status=WriteStatus.WRITTEN,
        failures=0,
        hindrance=None,
        due_at=None,
    )


@pytest.mark.parametrize("cancel", [False, True], ids=["changed", "cancelled"])
def test_a_change_that_came_while_it_was_written_is_due_at_once(cancel: bool) -> None:
    session = a_session(copy=EVENT)
    newer = (
        session.cancel(now=NOW)
        if cancel
        else session.put(interval=session.interval, details=some_details("Another"), now=NOW)
    )
    written = writing.written(newer, revision=1, interval=session.interval, digest=session.digest, now=LATER)
    assert (written.status, written.due_at) == (WriteStatus.PENDING, LATER)
    assert (written.written_revision, written.revision) == (1, 2)
    assert next_step(written, ACTIVE, READY) == (Delete(EVENT) if cancel else Update(EVENT))


def test_a_cancelled_session_without_an_event_is_done() -> None:
    cancelled = a_session(cancelled=True, revision=2, hindrance=Hindrance.RECONNECT_REQUIRED)
    done = writing.settled(cancelled, now=LATER)
    assert (done.status, done.written_revision, done.due_at) == (WriteStatus.WRITTEN, 2, None)
    assert (done.hindrance, done.copy) == (None, None)


@pytest.mark.parametrize("copy", [EVENT, BEGUN], ids=["written", "begun"])
def test_a_cancelled_session_whose_event_is_out_of_reach_is_done_and_says_so(copy: EventCopy) -> None:
    done = writing.settled(a_session(cancelled=True, revision=2, copy=copy), now=LATER)
    assert (done.status, done.written_revision, done.due_at) == (WriteStatus.WRITTEN, 2, None)
    assert done.hindrance is Hindrance.ACCOUNT_DISCONNECTED
    assert done.copy is not None


def test_a_session_revived_after_its_event_was_left_behind_gets_a_new_one() -> None:
    left = writing.settled(a_session(cancelled=True, revision=2, copy=EVENT), now=NOW)
    revived = left.put(interval=left.interval, details=left.details, now=LATER)
    assert revived.hindrance is None
    assert next_step(revived, DISCONNECTED, READY) == Create(OTHER, Replacement.ACCOUNT_DISCONNECTED)


def test_a_waiting_session_is_looked_at_again_by_itself() -> None:
    session = a_session(failures=2)
    assert writing.waiting(session, Hindrance.RECONNECT_REQUIRED, now=NOW) == replace(
        session,
        status=WriteStatus.WAITING,
        hindrance=Hindrance.RECONNECT_REQUIRED,
        due_at=NOW + writing.RECHECK_WAITING,
    )


def test_a_refused_session_stays_failed_until_it_changes() -> None:
    refused = writing.refused(a_session(copy=EVENT, failures=1))
    assert (refused.status, refused.hindrance) == (WriteStatus.FAILED, Hindrance.REFUSED_BY_PROVIDER)
    assert (refused.due_at, refused.failures) == (None, 2)
    assert refused.woken(LATER) is refused
    changed = refused.put(interval=refused.interval, details=some_details("Shorter"), now=LATER)
    assert (changed.status, changed.hindrance, changed.due_at) == (WriteStatus.PENDING, None, LATER)


# Trying again


def _pauses(count: int, *, at_least: timedelta | None = None) -> list[float]:
    """The pauses, in seconds, of a session that fails so many times in a row."""
    session, pauses = a_session(), []
    for _ in range(count):
        session = writing.delayed(session, Hindrance.PROVIDER_UNAVAILABLE, now=NOW, at_least=at_least)
        assert session.due_at is not None
        pauses.append((session.due_at - NOW).total_seconds())
    assert (session.status, session.failures) == (WriteStatus.WAITING, count)
    return pauses


def test_the_pause_doubles_from_five_seconds_to_a_quarter_of_an_hour() -> None:
    assert _pauses(10) == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


def test_the_providers_own_wish_counts_where_it_is_longer() -> None:
    assert _pauses(4, at_least=timedelta(seconds=12.128)) == [12.128, 12.128, 20, 40]


def test_the_providers_wish_may_be_longer_than_our_longest_pause() -> None:
    assert _pauses(1, at_least=timedelta(hours=1)) == [3600]


@pytest.mark.parametrize("wish", [timedelta(), timedelta(seconds=-30)])
def test_no_wish_of_the_provider_makes_the_pause_shorter(wish: timedelta) -> None:
    assert _pauses(2, at_least=wish) == [5, 10]


@settings(deadline=None)
@given(st.integers(0, 10**9))
def test_the_pause_grows_and_stays_bounded(failures: int) -> None:
    pause = writing.retry_pause(failures)
    assert writing.FIRST_RETRY <= pause <= writing.LONGEST_RETRY
    assert writing.retry_pause(failures + 1) >= pause


def test_success_starts_the_pauses_anew() -> None:
    tired = writing.delayed(a_session(failures=8, copy=EVENT), Hindrance.PROVIDER_UNAVAILABLE, now=NOW)
    rested = writing.written(tired, revision=1, interval=tired.interval, digest=tired.digest, now=NOW)
    again = writing.delayed(rested, Hindrance.PROVIDER_UNAVAILABLE, now=NOW)
    assert again.due_at == NOW + writing.FIRST_RETRY


@pytest.mark.parametrize("copy", [None, EVENT, BEGUN])
def test_a_delay_keeps_what_is_known_of_the_event(copy: EventCopy | None) -> None:
    session = a_session(copy=copy)
    delayed = writing.delayed(session, Hindrance.PROVIDER_UNAVAILABLE, now=NOW)
    assert (delayed.copy, delayed.copies, delayed.revision) == (copy, session.copies, 1)
