"""What keeps a session's event from being written, and what follows from it for the session."""

from datetime import datetime

from application.sessions.write_plan import Change, WritePlan
from domain import writing
from domain.access import (
    AccessDenied,
    AccessDoubted,
    AccessLost,
    CalendarGone,
    InvalidAnswer,
    MailboxFull,
    MailboxSuspended,
    ProviderMisconfigured,
    ProviderUnavailable,
    WriteRefused,
)
from domain.account import AccountNotFound, ProviderNotAvailable
from domain.connection import MailboxNotServed
from domain.ids import AccountId
from domain.session import Hindrance, Replacement, Session
from domain.writing import Create, Delete, Remove, Resolve, Update

WriteFault = (
    AccessDenied
    | AccessDoubted
    | AccessLost
    | AccountNotFound
    | CalendarGone
    | InvalidAnswer
    | MailboxFull
    | MailboxNotServed
    | MailboxSuspended
    | ProviderMisconfigured
    | ProviderNotAvailable
    | ProviderUnavailable
    | WriteRefused
)
WRITE_FAULTS = (
    AccessDenied,
    AccessDoubted,
    AccessLost,
    AccountNotFound,
    CalendarGone,
    InvalidAnswer,
    MailboxFull,
    MailboxNotServed,
    MailboxSuspended,
    ProviderMisconfigured,
    ProviderNotAvailable,
    ProviderUnavailable,
    WriteRefused,
)
"""The same for `except`."""


def after_fault(plan: WritePlan, fault: WriteFault, now: datetime) -> Change:
    """What a fault means for the session: wait, try later, start over elsewhere, or give up until it changes."""
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
        case (
            AccessDenied()
            | AccessDoubted()
            | MailboxFull()
            | MailboxNotServed()
            | MailboxSuspended()
            | ProviderNotAvailable()
        ):
            pause = fault.retry_after if isinstance(fault, AccessDoubted) else None
            return lambda later: writing.delayed(kept(later), _not_allowed(fault), now=now, at_least=pause)
        case CalendarGone():
            return _after_calendar_gone(plan, kept, now)
        case WriteRefused() if isinstance(plan.step, Remove):
            return lambda later: writing.left_for_good(later, plan.copy)
        case WriteRefused():
            return lambda later: _refused(kept(later), plan.session.revision)
        case AccountNotFound():
            return _as_it_is  # disconnected meanwhile: the next plan sees it


def _not_allowed(
    fault: AccessDenied
    | AccessDoubted
    | MailboxFull
    | MailboxNotServed
    | MailboxSuspended
    | ProviderNotAvailable,
) -> Hindrance:
    match fault:
        case AccessDoubted():
            return Hindrance.PROVIDER_UNAVAILABLE
        case MailboxFull():
            return Hindrance.MAILBOX_FULL
        case MailboxNotServed():
            return Hindrance.MAILBOX_NOT_SERVED
        case MailboxSuspended():
            return Hindrance.MAILBOX_SUSPENDED
        case ProviderNotAvailable():
            return Hindrance.SERVICE_MISCONFIGURED
        case AccessDenied():
            return (
                Hindrance.PERMISSION_REQUIRED
                if fault.missing_permissions
                else Hindrance.CALENDAR_NOT_WRITABLE
            )


def suspect(plan: WritePlan, fault: WriteFault) -> AccountId | None:
    """The account whose list of calendars must be read again: only the list decides what the calendar is."""
    if isinstance(fault, AccessDenied | CalendarGone | MailboxNotServed):
        return plan.copy.account_id
    return None


def _refused(session: Session, revision: int) -> Session:
    """A revision that came meanwhile gets its own chance."""
    return writing.refused(session) if session.revision == revision else session


def _as_it_is(session: Session) -> Session:
    return session


def _after_calendar_gone(plan: WritePlan, kept: Change, now: datetime) -> Change:
    """Calendars come back, and their events with them, as when one is shared again. So an event is given up only after
    a second look at the list, and of a live session only where a new one could be written: until then it would wait for
    the same calendar, and find another event there than its own."""
    if isinstance(plan.step, Remove) and plan.missing:
        return lambda later: writing.left_removed(later, plan.copy)
    begun_before, cancelled = isinstance(plan.step, Resolve | Update | Delete), plan.session.cancelled
    if begun_before and plan.missing and (plan.elsewhere or cancelled):
        return lambda later: writing.without_event(
            later, why=None if cancelled else Replacement.CALENDAR_GONE
        )
    return lambda later: writing.delayed(kept(later), Hindrance.CALENDAR_MISSING, now=now)


def _without_copy(session: Session) -> Session:
    """The provider refused to create it: there is no such event, and the next one may go elsewhere."""
    return writing.without_event(session, why=session.replacement)
