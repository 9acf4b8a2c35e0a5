"""One step of writing a session: the call to the provider, and what its answer changes."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from application.ports.event_writer import EventWriter
from application.sessions.write_plan import Change, WritePlan
from domain import writing
from domain.access import AccessDenied, CalendarGone, EventDeleted, EventMissing, ProviderUnavailable
from domain.event_digest import EventDigest
from domain.session import EventCopy, EventPlace, Replacement, Session
from domain.writing import Create, Delete, Remove, Resolve, Update


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
