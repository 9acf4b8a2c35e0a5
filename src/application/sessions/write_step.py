"""One step of writing a session: the call to the provider, and what its answer changes."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from application.ports.event_writer import EventWriter
from domain import writing
from domain.access import (
    AccessDenied,
    AccessLost,
    CalendarGone,
    EventDeleted,
    EventMissing,
    InvalidAnswer,
    MailboxFull,
    MailboxSuspended,
    ProviderMisconfigured,
    ProviderUnavailable,
    WriteRefused,
)
from domain.account import AccountNotFound, Provider, ProviderNotAvailable
from domain.audit import AuditAction
from domain.connection import MailboxNotServed
from domain.event_digest import EventDigest
from domain.ids import AccountId
from domain.session import EventCopy, EventPlace, Hindrance, Replacement, Session
from domain.writing import Create, Delete, Remove, Resolve, Update

Change = Callable[[Session], Session]
"""Applied to the session as it is by then: it may have been revised while the provider was asked."""

WriteFault = (
    AccessDenied
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePlan:
    """A session and the step to take for its present revision, at the provider of the account it is about.

    `doubted` is whether the calendar it leads to is known to refuse events, `missing` whether the account's list is
    known to have it no more, and `elsewhere` whether there is another one to write to.
    """

    session: Session
    step: Create | Resolve | Update | Delete | Remove
    provider: Provider
    doubted: bool = False
    missing: bool = False
    elsewhere: bool = False

    @property
    def copy(self) -> EventCopy:
        """The one the step is about: the session's own, or one that was left behind."""
        if isinstance(self.step, Remove):
            return self.step.copy
        assert self.session.copy is not None
        return self.session.copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a step came to.

    `suspect` is the account whose calendars are not what we think they are; `recovered` one that can be written to,
    after this session had to wait for that. `audited` is what was done in the calendar.
    """

    change: Change
    suspect: AccountId | None = None
    recovered: AccountId | None = None
    audited: AuditAction | None = None


async def take(plan: WritePlan, writer: EventWriter, now: Callable[[], datetime]) -> Change:
    """Ask the provider, and say what follows for the session. Raises what `EventWriter` raises."""
    session, copy = plan.session, plan.copy
    match plan.step:
        case Create():
            return await _create(session, copy, writer, now)
        case Resolve():
            return await _resolve(session, copy, writer, now)
        case Update():
            return await _update(session, copy, writer, now)
        case Delete():
            return await _delete(copy, writer)
        case Remove():
            return await _remove(copy, writer)


async def _create(
    session: Session, copy: EventCopy, writer: EventWriter, now: Callable[[], datetime]
) -> Change:
    at = now()
    try:
        place = await writer.create(copy, session.interval, session.details_at(at))
    except EventDeleted:
        # From before its expert was erased and came back: the next one gets another mark.
        return lambda later: writing.without_event(later, why=later.replacement)
    is_written = _written(session, session.digest_at(at), now)
    return lambda later: is_written(writing.found(later, place))


async def _resolve(
    session: Session, copy: EventCopy, writer: EventWriter, now: Callable[[], datetime]
) -> Change:
    """The event begun earlier is there, to be brought up to date; or it is begun again, in the same place.

    There, because a request this late could still take effect: under one mark in one mailbox that makes one event. If
    the place is closed by now it can't, and the next plan looks for another.
    """
    try:
        if (place := await writer.find(copy)) is not None:
            return lambda later: writing.discovered(later, place)
    except EventDeleted:
        return _deleted
    if session.cancelled:
        return writing.not_begun
    says, details = session.digest_at(at := now()), session.details_at(at)
    try:
        created = await writer.create(copy, session.interval, details)
    except EventDeleted:
        return _deleted
    except (AccessDenied, CalendarGone):
        return writing.not_begun
    if says.changed_since(copy.written):
        # Perhaps it is the one begun earlier after all, which says what was to be said then.
        return lambda later: writing.found(later, created)
    is_written = _written(session, says, now)
    return lambda later: is_written(writing.found(later, created))


async def _update(
    session: Session, copy: EventCopy, writer: EventWriter, now: Callable[[], datetime]
) -> Change:
    says = session.digest_at(now())
    parts = says.changed_since(copy.written)
    if not parts:
        return await _still_there(session, copy, writer, now)
    try:
        await writer.update(copy, session.interval, session.details, parts=parts)
    except EventMissing:
        if (place := await _looked_for(copy, writer)) is None:
            return _deleted
        return lambda later: writing.found(later, place)
    return _written(session, says.over(copy.written), now)


async def _still_there(
    session: Session, copy: EventCopy, writer: EventWriter, now: Callable[[], datetime]
) -> Change:
    """The event was made to say all this already: it is as wanted unless its owner deleted it."""
    place = await _sought(copy, writer)
    if place is None:
        return _deleted
    is_written = _written(session, copy.written, now)
    return lambda later: is_written(writing.found(later, place))


async def _delete(copy: EventCopy, writer: EventWriter) -> Change:
    try:
        await writer.delete(copy)
    except EventMissing:
        if place := await _looked_for(copy, writer):
            return lambda later: writing.found(later, place)
    return lambda later: writing.without_event(later, why=None)


async def _remove(copy: EventCopy, writer: EventWriter) -> Change:
    if copy.place is None:
        place = await _sought(copy, writer)
    else:
        try:
            await writer.delete(copy)
            place = None
        except EventMissing:
            place = await _looked_for(copy, writer)
    if place is None:
        return lambda later: writing.left_removed(later, copy)
    found_at = place
    return lambda later: writing.left_found(later, copy, found_at)


async def _looked_for(copy: EventCopy, writer: EventWriter) -> EventPlace | None:
    """Where the event is that was said to be missing: absence is not believed on one word, nor is it when the event is
    at that very place."""
    place = await _sought(copy, writer)
    if place == copy.place:
        raise ProviderUnavailable
    return place


async def _sought(copy: EventCopy, writer: EventWriter) -> EventPlace | None:
    """None where it isn't, whether or not the provider remembers it."""
    with suppress(EventDeleted):
        return await writer.find(copy)
    return None


def _deleted(session: Session) -> Session:
    """It was there, and its owner deleted it. A cancelled session needs no other."""
    return writing.without_event(session, why=None if session.cancelled else Replacement.EVENT_DELETED)


def _written(session: Session, says: EventDigest, now: Callable[[], datetime]) -> Change:
    return lambda later: writing.written(
        later,
        revision=session.revision,
        interval=session.interval,
        digest=says,
        now=now(),
    )


def what_was_done(plan: WritePlan, change: Change) -> AuditAction | None:
    """In the calendar, by a step that the provider did not refuse; None when it only found something out."""
    before, after = plan.session, change(plan.session)
    if after.written_revision > before.written_revision:
        new = before.written_at is None or isinstance(plan.step, Create | Resolve)
        return AuditAction.EVENT_WRITTEN if new else AuditAction.EVENT_CHANGED
    deleted = isinstance(plan.step, Delete) and after.copy is None
    return AuditAction.EVENT_REMOVED if deleted or len(after.left) < len(before.left) else None


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
            AccessDenied() | MailboxFull() | MailboxNotServed() | MailboxSuspended() | ProviderNotAvailable()
        ):
            return lambda later: writing.delayed(kept(later), _not_allowed(fault), now=now)
        case CalendarGone():
            return _after_calendar_gone(plan, kept, now)
        case WriteRefused() if isinstance(plan.step, Remove):
            return lambda later: writing.left_for_good(later, plan.copy)
        case WriteRefused():
            return lambda later: _refused(kept(later), plan.session.revision)
        case AccountNotFound():
            return _as_it_is  # disconnected meanwhile: the next plan sees it


def _not_allowed(
    fault: AccessDenied | MailboxFull | MailboxNotServed | MailboxSuspended | ProviderNotAvailable,
) -> Hindrance:
    match fault:
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
