"""Bringing what is in the calendar in line with what must be: the next step, and what follows from its outcome."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.account import Account
from domain.calendar import Calendar
from domain.calendar_settings import WriteCalendar
from domain.event_digest import EventDigest
from domain.ids import AccountId
from domain.interval import Interval
from domain.session import EventCopy, EventPlace, Hindrance, Replacement, Session, WriteStatus, mark_for

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=15)
MOST_TIMES = 8
"""Of an event whose last attempts all ended without an answer."""
RECHECK_WAITING = timedelta(minutes=5)
"""How often a waiting session is checked even if nobody says that it is unblocked."""


MOST_LEFT = 8
"""Of more events left behind in more accounts only the latest are remembered."""


@dataclass(frozen=True, slots=True)
class Create:
    """Begin a new event in this calendar."""

    calendar: Calendar
    replacement: Replacement | None


@dataclass(frozen=True, slots=True)
class Resolve:
    """Find out whether the event whose creation was begun exists, then go on from there."""

    copy: EventCopy


@dataclass(frozen=True, slots=True)
class Update:
    copy: EventCopy


@dataclass(frozen=True, slots=True)
class Delete:
    copy: EventCopy


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove an event that was left behind, from an account that is back."""

    copy: EventCopy


@dataclass(frozen=True, slots=True)
class Wait:
    hindrance: Hindrance

    def waits_for(self, target: WriteCalendar) -> bool:
        """Whether it is the write calendar that is waited for, not an event's own account."""
        return self.hindrance.value == target.state.value


@dataclass(frozen=True, slots=True)
class Settle:
    """Nothing is left to do in any calendar."""


Step = Create | Resolve | Update | Delete | Remove | Wait | Settle


def next_step(session: Session, accounts: Mapping[AccountId, Account], target: WriteCalendar) -> Step:
    """What a worker does next for a session that is due.

    An event stays where it is, whatever the write calendar is now. When its account was disconnected, a live session
    gets a new event in the write calendar of now; a cancelled one leaves its old event behind, out of our reach. What
    was left behind is removed when its account is back, after the session's own event: that comes first.
    """
    step = _own_step(session, accounts, target)
    if not isinstance(step, Wait | Settle):
        return step
    back = [one for one in session.left if one.account_id in accounts]
    for copy in back:
        if _hindrance_of(accounts[copy.account_id]) is None:
            return Remove(copy)
    if back and isinstance(step, Settle) and (hindrance := _hindrance_of(accounts[back[0].account_id])):
        return Wait(hindrance)
    return step


def _hindrance_of(account: Account) -> Hindrance | None:
    if not account.active:
        return Hindrance.RECONNECT_REQUIRED
    return None if account.served else Hindrance.MAILBOX_NOT_SERVED


def _own_step(session: Session, accounts: Mapping[AccountId, Account], target: WriteCalendar) -> Step:
    copy = session.copy
    if session.written_revision == session.revision and not (session.cancelled and copy):
        return Settle()
    if copy is None or copy.account_id not in accounts:
        if session.cancelled:
            return Settle()
        if target.calendar is None:
            return Wait(Hindrance(target.state.value))
        return Create(target.calendar, Replacement.ACCOUNT_DISCONNECTED if copy else session.replacement)
    if hindrance := _hindrance_of(accounts[copy.account_id]):
        return Wait(hindrance)
    if copy.remote_id is None:
        return Resolve(copy)
    return Delete(copy) if session.cancelled else Update(copy)


def begun(session: Session, step: Create, now: datetime) -> Session:
    """Remember, before the provider is called, which event is about to be created and under which mark."""
    copy = EventCopy(
        account_id=step.calendar.account_id,
        calendar_id=step.calendar.calendar_id,
        remote_calendar_id=step.calendar.remote.remote_id,
        mark=mark_for(session),
        times=(session.interval,),
        written=session.digest_at(now),
    )
    old = () if session.copy is None else (replace(session.copy, written=EventDigest()),)
    left = (*session.left, *old)
    return replace(
        session,
        copy=copy,
        left=left[-MOST_LEFT:],
        copies=session.copies + 1,
        replacement=step.replacement,
    )


def attempted(session: Session) -> Session:
    """Remember, before the provider is called, at which time the event may lie from now on, and what it may say.

    Of very many attempts only the latest times are remembered: an event at a time forgotten blocks until it is written.
    A part counts as written until the outcome is known only if it is the same before and after: the others are sent
    again with the next try, also when the session has become by then what the event said before.
    """
    copy = session.copy
    if copy is None or session.cancelled:
        return session
    others = tuple(time for time in copy.times if time != session.interval)
    times = (*others, session.interval)[-MOST_TIMES:]
    return replace(
        session, copy=replace(copy, times=times, written=copy.written.agreeing_with(session.digest))
    )


def found(session: Session, place: EventPlace) -> Session:
    """The begun event exists, or the known one is somewhere else by now."""
    assert session.copy is not None
    return replace(session, copy=session.copy.at(place))


def discovered(session: Session, place: EventPlace) -> Session:
    """There is an event under the mark of the begun one. What it says is not known.

    Most likely what the session said then; but an expert who was erased and is back has the marks of before, too.
    """
    there = found(session, place)
    assert there.copy is not None
    return replace(there, copy=replace(there.copy, written=EventDigest()))


def not_begun(session: Session) -> Session:
    """The begun event surely does not exist: as if it had never been begun, so that the next one gets the same mark."""
    return replace(session, copy=None, copies=session.copies - 1)


def written(
    session: Session, *, revision: int, interval: Interval, digest: EventDigest, now: datetime
) -> Session:
    """This revision is in the calendar, at this time and with this content. A newer one stays pending, due at once."""
    copy = session.copy and replace(session.copy, times=(interval,), written=digest)
    done = _done(replace(session, copy=copy), revision=revision, now=now)
    # What was left behind may be within reach: only the next plan can tell.
    return replace(done, status=WriteStatus.PENDING, due_at=now) if session.left else done


def _done(session: Session, *, revision: int, now: datetime) -> Session:
    done = replace(session, written_revision=revision, written_at=now, failures=0, hindrance=None)
    if revision < session.revision:
        return replace(done, status=WriteStatus.PENDING, due_at=now)
    return replace(done, status=WriteStatus.WRITTEN, due_at=None)


def without_event(session: Session, *, why: Replacement | None) -> Session:
    """The session has no event any more; `why` is reported with the next one."""
    return replace(session, copy=None, replacement=why)


def left_found(session: Session, copy: EventCopy, place: EventPlace) -> Session:
    """An event that was left behind is there, perhaps elsewhere by now."""
    return replace(
        session, left=tuple(one.at(place) if one.mark == copy.mark else one for one in session.left)
    )


def left_removed(session: Session, copy: EventCopy) -> Session:
    """An event that was left behind is gone."""
    without = _without_left(session, copy)
    all_gone = without.cancelled and not (without.copy or without.left)
    return replace(without, replacement=None) if all_gone else without


def left_for_good(session: Session, copy: EventCopy) -> Session:
    """An event that was left behind can't be removed, and that is reported."""
    return replace(_without_left(session, copy), replacement=Replacement.ACCOUNT_DISCONNECTED)


def _without_left(session: Session, copy: EventCopy) -> Session:
    return replace(session, left=tuple(one for one in session.left if one.mark != copy.mark))


def settled(session: Session, *, now: datetime) -> Session:
    """Nothing more can be done now. An event of a cancelled session that is left is in a disconnected account.

    Nothing was asked: that event is what it was, and lies where it lay.
    """
    at = now if session.written_revision < session.revision else session.written_at or now
    done = _done(session, revision=session.revision, now=at)
    if not session.cancelled or not (session.copy or session.left):
        return done
    return replace(
        done, hindrance=Hindrance.ACCOUNT_DISCONNECTED, replacement=Replacement.ACCOUNT_DISCONNECTED
    )


def waiting(session: Session, hindrance: Hindrance, *, now: datetime) -> Session:
    return replace(session, status=WriteStatus.WAITING, hindrance=hindrance, due_at=now + RECHECK_WAITING)


def delayed(
    session: Session, hindrance: Hindrance, *, now: datetime, at_least: timedelta | None = None
) -> Session:
    """To be tried again after a growing pause, or after the provider's own wish where that is longer."""
    pause = max(retry_pause(session.failures), at_least or timedelta())
    return replace(
        session,
        status=WriteStatus.WAITING,
        hindrance=hindrance,
        failures=session.failures + 1,
        due_at=now + pause,
    )


def refused(session: Session) -> Session:
    """For good, until the session changes."""
    return replace(
        session,
        status=WriteStatus.FAILED,
        hindrance=Hindrance.REFUSED_BY_PROVIDER,
        failures=session.failures + 1,
        due_at=None,
    )


def retry_pause(failures: int) -> timedelta:
    """How long to wait after this many failures in a row: doubles from 5 seconds up to 15 minutes."""
    return min(FIRST_RETRY * (1 << min(failures, 16)), LONGEST_RETRY)
