"""One step of writing a session: the call to the provider, and what its answer changes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from application.ports.event_writer import EventWriter
from domain import writing
from domain.access import (
    AccessDenied,
    AccessLost,
    CalendarGone,
    EventGone,
    InvalidAnswer,
    ProviderMisconfigured,
    ProviderUnavailable,
    WriteRefused,
)
from domain.account import AccountNotFound
from domain.ids import AccountId
from domain.session import EventCopy, Hindrance, Replacement, Session
from domain.writing import Create, Delete, Resolve, Update

Change = Callable[[Session], Session]
"""Applied to the session as it is by then: it may have been revised while the provider was asked."""

WriteFault = (
    AccessDenied
    | AccessLost
    | AccountNotFound
    | CalendarGone
    | EventGone
    | InvalidAnswer
    | ProviderMisconfigured
    | ProviderUnavailable
    | WriteRefused
)
WRITE_FAULTS = (
    AccessDenied,
    AccessLost,
    AccountNotFound,
    CalendarGone,
    EventGone,
    InvalidAnswer,
    ProviderMisconfigured,
    ProviderUnavailable,
    WriteRefused,
)
"""The same for `except`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePlan:
    """A session and the step to take for its present revision. The session's copy is the one the step is about."""

    session: Session
    step: Create | Resolve | Update | Delete


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a step came to. `suspect` is the account whose calendars are not what we think they are."""

    change: Change
    suspect: AccountId | None = None


async def take(plan: WritePlan, writer: EventWriter, now: Callable[[], datetime]) -> Change:
    """Ask the provider, and say what follows for the session. Raises what `EventWriter` raises."""
    session = plan.session
    match plan.step:
        case Create():
            return await _create(session, _copy_of(session), writer, now)
        case Resolve(copy):
            return await _resolve(session, copy, writer, now)
        case Update(copy):
            await writer.update(
                copy.account_id,
                _event_of(copy),
                session.interval,
                session.details,
                set_reminder=session.details.reminder_minutes != copy.reminder_minutes,
            )
            return _written(session, now)
        case Delete(copy):
            await writer.delete(copy.account_id, _event_of(copy))
            return lambda later: writing.without_event(later, why=None)


async def _create(
    session: Session, copy: EventCopy, writer: EventWriter, now: Callable[[], datetime]
) -> Change:
    remote_id = await writer.create(copy, session.interval, session.details)
    is_written = _written(session, now)
    return lambda later: is_written(writing.found(later, remote_id))


async def _resolve(
    session: Session, copy: EventCopy, writer: EventWriter, now: Callable[[], datetime]
) -> Change:
    """The event begun earlier is there, to be brought up to date; or it is begun again, in the same place.

    There, because an answer this late could still come true: under one mark in one mailbox that makes one event. Where
    the place is closed by now it can't, and the next plan looks for another.
    """
    remote_id = await writer.find(copy.account_id, copy.remote_calendar_id, copy.mark, session.interval)
    if remote_id is not None:
        return lambda later: writing.found(later, remote_id)
    if session.cancelled:
        return writing.not_begun
    try:
        return await _create(session, copy, writer, now)
    except (AccessDenied, CalendarGone):
        return writing.not_begun


def _written(session: Session, now: Callable[[], datetime]) -> Change:
    return lambda later: writing.written(
        later, revision=session.revision, reminder_minutes=session.details.reminder_minutes, now=now()
    )


def after_fault(plan: WritePlan, fault: WriteFault, now: datetime) -> Change:
    """What a fault means for the session: wait, try later, begin anew elsewhere, or give up until it changes."""
    kept = _without_copy if isinstance(plan.step, Create) else _as_it_is
    match fault:
        case AccessLost():
            return kept  # the next plan sees whether the account waits, or was connected again meanwhile
        case ProviderUnavailable():
            return lambda later: writing.delayed(
                later, Hindrance.PROVIDER_UNAVAILABLE, now=now, at_least=fault.retry_after
            )
        case InvalidAnswer():
            return lambda later: writing.delayed(later, Hindrance.PROVIDER_UNAVAILABLE, now=now)
        case ProviderMisconfigured():
            return lambda later: writing.delayed(later, Hindrance.SERVICE_MISCONFIGURED, now=now)
        case AccessDenied():
            return lambda later: writing.delayed(kept(later), Hindrance.CALENDAR_NOT_WRITABLE, now=now)
        case CalendarGone():
            return lambda later: writing.delayed(
                kept(later) if isinstance(plan.step, Create) else _calendar_gone(later),
                Hindrance.CALENDAR_MISSING,
                now=now,
            )
        case EventGone():
            return lambda later: writing.without_event(later, why=Replacement.EVENT_DELETED)
        case WriteRefused():
            return lambda later: _refused(kept(later), plan.session.revision)
        case AccountNotFound():
            return _as_it_is  # disconnected meanwhile: the next plan sees it


def suspect(plan: WritePlan, fault: WriteFault) -> AccountId | None:
    """The account whose list of calendars must be looked at again: only that decides what the calendar is."""
    if isinstance(fault, AccessDenied | CalendarGone) and plan.session.copy is not None:
        return plan.session.copy.account_id
    return None


def _refused(session: Session, revision: int) -> Session:
    """A revision that came meanwhile gets its own chance."""
    return writing.refused(session) if session.revision == revision else session


def _as_it_is(session: Session) -> Session:
    return session


def _calendar_gone(session: Session) -> Session:
    return writing.without_event(session, why=Replacement.CALENDAR_GONE)


def _without_copy(session: Session) -> Session:
    """The provider refused to create it: there is no such event, and the next one may go elsewhere."""
    return writing.without_event(session, why=session.replacement)


def _copy_of(session: Session) -> EventCopy:
    assert session.copy is not None
    return session.copy


def _event_of(copy: EventCopy) -> str:
    assert copy.remote_id is not None
    return copy.remote_id
