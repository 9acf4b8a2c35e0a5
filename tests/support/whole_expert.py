"""An expert of whom there is something in every table."""

from domain.account import Provider
from domain.audit import Act, AuditAction
from domain.ids import AccountId, CalendarId
from domain.session import Replacement, Session
from domain.session_details import EventColor, Visibility
from tests.builders import (
    EXPERT,
    NOW,
    a_calendar,
    a_change,
    a_grant,
    a_hold,
    a_proven_connection,
    a_reading,
    a_reading_task,
    a_session,
    a_subscription,
    after,
    an_account,
    an_attempt,
    an_event_copy,
    an_expert,
    an_identity,
    an_incident,
    an_interval,
    some_details,
    some_settings,
)
from tests.support.stores import KeptByPostgres

DETAILS = some_details(visibility=Visibility.PRIVATE, category="Coaching", color=EventColor.GREEN)


def link_of(expert_id: str) -> str:
    """The secret of the link in a mail to them."""
    return f"link of {expert_id}"


def state_of(expert_id: str) -> str:
    """The secret of a sign-in of theirs."""
    return f"state of {expert_id}"


def token_of(expert_id: str) -> str:
    """Which confirms another sign-in of theirs, that came back."""
    return f"token of {expert_id}"


async def store_whole_expert(kept: KeptByPostgres, expert_id: str = EXPERT) -> None:
    account_id, calendar_id = f"account of {expert_id}", f"calendar of {expert_id}"
    booked = a_session(
        "booked",
        expert_id=expert_id,
        details=DETAILS,
        copy=an_event_copy(account_id=account_id, mark="mark", written=a_session(details=DETAILS).digest),
        replacement=Replacement.EVENT_DELETED,
        written_at=NOW,
    )
    incident = an_incident(
        f"incident of {expert_id}", account_id=account_id, expert_id=expert_id, token=link_of(expert_id)
    )
    async with kept.transaction() as tx:
        await tx.experts.put(an_expert(expert_id))
        former = an_account(f"former of {expert_id}", expert_id=expert_id, identity=an_identity("before"))
        await tx.accounts.add(former, a_grant())
        await tx.accounts.remove(former.account_id)
        await tx.accounts.add(an_account(account_id, expert_id=expert_id), a_grant())
        await tx.attempts.add(an_attempt(state_of(expert_id), expert_id=expert_id, reconnects=account_id))
        await tx.pending.add(
            a_proven_connection(expert_id=expert_id, identity=an_identity("to confirm")),
            token=token_of(expert_id),
            expires_at=after(minutes=10),
        )
        await tx.attempts.ask_consent_afresh(booked.expert_id, Provider.MICROSOFT, wanted=True)
        await tx.calendars.save([a_calendar(calendar_id, account_id=account_id)])
        await tx.calendars.save_settings(
            some_settings(expert_id, conflict=(calendar_id,), tentative_blocks=True)
        )
        await tx.sessions.add(booked)
        await tx.sessions.add(a_session("waits", expert_id=expert_id, interval=an_interval(starts=48)))
        await tx.incidents.add(incident)
        await tx.jobs.refresh_calendars(AccountId(account_id))
        for action in (AuditAction.CONSENT_GIVEN, AuditAction.CALENDARS_SELECTED):
            await tx.audit.add(
                Act(action=action, at=NOW, expert_id=booked.expert_id, account_id=AccountId(account_id))
            )
    await _store_what_follows(
        kept, calendar_id=CalendarId(calendar_id), account_id=AccountId(account_id), booked=booked
    )


async def _store_what_follows(
    kept: KeptByPostgres, *, calendar_id: CalendarId, account_id: AccountId, booked: Session
) -> None:
    """What is kept for a conflict calendar and a session that was checked."""
    async with kept.transaction() as tx:
        reading = a_reading(calendar_id, busy=[an_interval(starts=3), an_interval(starts=5)])
        task = a_reading_task(calendar_id, expert_id=booked.expert_id)
        assert await tx.readings.store(task, reading, due_at=NOW, now=NOW)
        assert await tx.subscriptions.save(
            a_subscription(calendar_id), instead_of=None, secret="secret of notifications", renew_at=NOW
        )
        await tx.subscriptions.end(account_id, "ended")
        await tx.reserved.hold(
            a_hold("hold", expert_id=booked.expert_id, interval=an_interval(starts=3)), now=NOW
        )
        await tx.reserved.reserve(booked.expert_id, booked.session_id, booked.interval, now=NOW)
        await tx.changes.add(a_change(expert_id=booked.expert_id, calendar_id=calendar_id))
        await tx.jobs.read_calendar(calendar_id)
