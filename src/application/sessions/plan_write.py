"""Decide what is to be done next for a session's event, and remember it before it is done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from application.ports.store import Transaction
from application.sessions.write_plan import WritePlan
from domain import writing
from domain.account import Account
from domain.calendar import Calendar
from domain.calendar_settings import CalendarSettings, WriteCalendar, write_calendar
from domain.change import change_of_session
from domain.ids import AccountId, ExpertId, SessionId
from domain.own_event import own_event
from domain.session import EventCopy, Hindrance, Session
from domain.writing import Create, Delete, Remove, Resolve, Settle, Step, Update, Wait, next_step

FOUND_OUT_BY_LOOKING = {Hindrance.CALENDAR_MISSING, Hindrance.CALENDAR_NOT_WRITABLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """A claimed session that seems to be blocked."""

    expert_id: ExpertId
    session_id: SessionId


async def plan_write(
    tx: Transaction, session: Session, now: datetime, *, may_wait: bool = False
) -> WritePlan | Blocked | None:
    """The next step, remembered before it is taken; None, and the claim released, when nothing is to do now.

    Blocked, and the claim kept, when it seems that the session must wait: that is decided under the expert's lock.
    """
    if session.due_at is None or session.due_at > now:
        await _rest(tx, session, now)
        return None
    accounts = {one.account_id: one for one in await tx.accounts.of_expert(session.expert_id)}
    settings = await tx.calendars.settings(session.expert_id)
    calendars = await tx.calendars.of_expert(session.expert_id)
    target = write_calendar(settings, accounts.values(), calendars)
    step = await _next_step(tx, session, accounts, target, now)
    match step:
        case Wait() if not may_wait:
            await _save(tx, session, now)
            return Blocked(expert_id=session.expert_id, session_id=session.session_id)
        case Wait(hindrance):
            if hindrance in FOUND_OUT_BY_LOOKING:
                await _look_again(tx, settings)
            await _rest(tx, writing.waiting(session, hindrance, now=now), now)
            return None
        case Settle():
            await _rest(tx, writing.settled(session, now=now), now)
            return None
        case Create():
            session = writing.begun(session, step, now)
        case Resolve() | Update():
            session = writing.attempted(session)
    await _save(tx, session, now)
    account = accounts[_account_of(step)]
    return WritePlan(
        session=session,
        step=step,
        provider=account.identity.provider,
        access_doubted=account.doubt is not None,
        doubted=_is_doubted(session, calendars),
        missing=_is_missing(step.copy if isinstance(step, Remove) else session.copy, calendars),
        elsewhere=target.calendar is not None,
    )


async def _next_step(
    tx: Transaction,
    session: Session,
    accounts: Mapping[AccountId, Account],
    target: WriteCalendar,
    now: datetime,
) -> Step:
    """Of the sessions that wait for a refusing calendar one tries it now and then, to find out if it still does.

    It is the refused one itself, with growing pauses, unless a missing permission explains the refusal; else any.
    """
    step, refusing = next_step(session, accounts, target), target.refusing
    if refusing is None or not isinstance(step, Wait) or not step.waits_for(target):
        return step
    persists = session.failures > 0 and not refusing.demands
    if persists or (refusing.worth_a_try(now) and await tx.calendars.take_trial(refusing, now)):
        return next_step(session, accounts, target.tried())
    return step


async def _look_again(tx: Transaction, settings: CalendarSettings) -> None:
    """The chosen calendar may be back: nobody else would notice."""
    for calendar in await tx.calendars.of_expert(settings.expert_id):
        if calendar.calendar_id == settings.chosen:
            await tx.jobs.refresh_calendars(calendar.account_id)


async def _rest(tx: Transaction, session: Session, now: datetime) -> None:
    await _save(tx, session, now)
    await tx.sessions.release(session.expert_id, session.session_id)
    if session.due_at is not None and session.failures:
        await tx.jobs.write_session(session.expert_id, session.session_id, at=session.due_at)


async def _save(tx: Transaction, session: Session, now: datetime) -> None:
    before = await tx.sessions.get(session.expert_id, session.session_id)
    news = change_of_session(before, session, at=now)
    if news is not None:
        await tx.changes.add(news)
    await tx.sessions.save(session.updated(before.updated_at if news is None else now))
    await _have_it_read(tx, before, session)


async def _have_it_read(tx: Transaction, before: Session, session: Session) -> None:
    """Calendars whose readings no longer say the truth of the session's event, which was written or given up.

    They say too much rather than too little until then, so a worker's look is enough, and nobody waits for their
    rows here.
    """
    if _events_of(before) != _events_of(session):
        for calendar_id in await tx.readings.deviating(session.expert_id, session.session_id):
            await tx.jobs.read_calendar(calendar_id)
    copy = session.copy or before.copy
    if copy is not None and own_event(before).left_behind != own_event(session).left_behind:
        await tx.jobs.read_calendar(copy.calendar_id)


def _account_of(step: Create | Resolve | Update | Delete | Remove) -> AccountId:
    return step.calendar.account_id if isinstance(step, Create) else step.copy.account_id


def _is_doubted(session: Session, calendars: Iterable[Calendar]) -> bool:
    """Whether the session's event is, or is to be, in a calendar that is known to refuse."""
    copy = session.copy
    return copy is not None and any(
        one.refused_at is not None
        and (one.account_id, one.remote.remote_id) == (copy.account_id, copy.remote_calendar_id)
        for one in calendars
    )


def _events_of(session: Session) -> tuple[object, ...]:
    """What a reading may have found otherwise by now."""
    return session.copy, session.left, session.written_revision


def _is_missing(copy: EventCopy | None, calendars: Iterable[Calendar]) -> bool:
    """Whether the calendar that the event is in is no longer listed, or has another id by now."""
    return copy is not None and not any(
        not one.missing
        and (one.account_id, one.remote.remote_id) == (copy.account_id, copy.remote_calendar_id)
        for one in calendars
    )
