"""A row in every table that has rows of experts, with something in every column."""

from application.ports.pending_connections import ConfirmedConnection
from domain.account import Provider
from domain.audit import Act, AuditAction
from domain.ids import AccountId, CalendarId, ExpertId, HoldId, IncidentId
from domain.session import Replacement, Session
from domain.session_details import EventColor, Visibility
from tests.builders import (
    EXPERT,
    NOW,
    a_calendar,
    a_change,
    a_deviation,
    a_grant,
    a_hold,
    a_proven_connection,
    a_reading,
    a_reading_task,
    a_remote_calendar,
    a_session,
    a_subscription,
    an_account,
    an_attempt,
    an_event_copy,
    an_expert,
    an_incident,
    an_interval,
    some_details,
    some_settings,
)
from tests.support.stores import KeptByPostgres

HELD = {
    "mia.expert@private.example",
    "Mia Expertova",
    "mia.account@private.example",
    "Mia Accountova",
    "Calendar of Mia",
    "Owen Ownerson",
    "owen@private.example",
    "Coaching for Jonas",
    "Jonas is nervous",
    "Room under the roof",
    "https://meet.example/jonas",
    "Category of Mia",
}
"""What is known of people."""
WITHHELD = {
    "refresh-token-of-mia",
    "state-of-mia",
    "verifier-of-mia",
    "https://return.example/mia",
    "link-token-of-mia",
    "confirm-token-of-mia",
    "notification-secret-of-mia",
}
"""What opens something."""
SECRETS = HELD | WITHHELD
CLAIM = "claim-of-mia"
"""The token of a worker's claim, which stands in the clear: it is good for a moment, and for workers only."""
REST = (
    """
    UPDATE account SET unserved_since = now(), loss_cause = 'SIGN_IN_REQUIRED',
        doubt_grant_version = 1, doubt_refusals = 1, doubt_at = now()
    WHERE expert_id = %(expert_id)s
    """,
    """
    UPDATE account_grant SET claimed_by = %(claim)s, claimed_until = now(), use_audited_on = now()
    WHERE account_id IN (SELECT account_id FROM account WHERE expert_id = %(expert_id)s)
    """,
    """
    UPDATE calendar SET refused_at = now(), demands = '{Calendars.ReadWrite.Shared}',
        uncheckable = 'SUBSCRIBED'
    WHERE account_id IN (SELECT account_id FROM account WHERE expert_id = %(expert_id)s)
    """,
    "UPDATE reading_schedule SET begun_at = now() WHERE expert_id = %(expert_id)s",
    """
    UPDATE session SET hindrance = 'PROVIDER_UNAVAILABLE', ripe_at = now(), copy_reminder_minutes = 15
    WHERE expert_id = %(expert_id)s
    """,
    """
    UPDATE incident SET claimed_by = %(claim)s, claimed_until = now(), mail_begun_at = now()
    WHERE expert_id = %(expert_id)s
    """,
)
"""Columns that no single state of the domain fills all at once, or that only workers fill."""


async def store_everything(kept: KeptByPostgres, expert_id: str = EXPERT, suffix: str = "") -> None:
    """With every secret in its place. Every id has the suffix."""
    account_id, session = f"account{suffix}", f"session{suffix}"
    remote = a_remote_calendar(
        f"remote{suffix}",
        name="Calendar of Mia",
        owner_name="Owen Ownerson",
        owner_email="owen@private.example",
    )
    details = some_details(
        "Coaching for Jonas",
        text="Jonas is nervous",
        place="Room under the roof",
        join_url="https://meet.example/jonas",
        category="Category of Mia",
        visibility=Visibility.PRIVATE,
        color=EventColor.RED,
    )
    to_confirm = a_proven_connection(
        expert_id=expert_id,
        reconnects=account_id,
        email="mia.account@private.example",
        display_name="Mia Accountova",
        grant=a_grant(b"refresh-token-of-mia"),
        listed=[remote],
    )
    attempt = an_attempt(
        f"state-of-mia{suffix}",
        expert_id=expert_id,
        flow=b"verifier-of-mia",
        return_url="https://return.example/mia",
        reconnects=account_id,
    )
    incident = an_incident(
        f"incident{suffix}", account_id=account_id, expert_id=expert_id, token=f"link-token-of-mia{suffix}"
    )
    booked = a_session(
        session,
        expert_id=expert_id,
        details=details,
        copy=an_event_copy(
            account_id=account_id,
            calendar_id=f"calendar{suffix}",
            remote_calendar_id=f"remote{suffix}",
            mark=f"mark{suffix}",
            remote_id=f"event{suffix}",
            written=a_session(details=details).digest,
        ),
        left=[
            an_event_copy(
                account_id=f"former{suffix}",
                calendar_id=f"calendar-before{suffix}",
                remote_calendar_id=f"remote-before{suffix}",
                mark=f"mark-before{suffix}",
                remote_id=f"event-before{suffix}",
            )
        ],
        replacement=Replacement.EVENT_DELETED,
        written_at=NOW,
    )
    account = an_account(
        account_id, expert_id=expert_id, email="mia.account@private.example", display_name="Mia Accountova"
    )
    former = an_account(f"former{suffix}", expert_id=expert_id)
    async with kept.transaction() as tx:
        await tx.experts.put(
            an_expert(expert_id, email="mia.expert@private.example", display_name="Mia Expertova")
        )
        await tx.accounts.add(former, a_grant())
        await tx.accounts.remove(former.account_id)
        await tx.accounts.add(account, a_grant(b"refresh-token-of-mia"))
        await tx.attempts.add(attempt)
        confirmed = ConfirmedConnection(account_id=account.account_id, reconnected=False)
        await tx.pending.add(to_confirm, token=f"confirmed{suffix}", expires_at=NOW)
        await tx.pending.confirm(booked.expert_id, f"confirmed{suffix}", confirmed, expires_at=NOW)
        await tx.pending.add(to_confirm, token=f"confirm-token-of-mia{suffix}", expires_at=NOW)
        await tx.attempts.ask_consent_afresh(booked.expert_id, Provider.MICROSOFT, wanted=True)
        await tx.calendars.save([a_calendar(f"calendar{suffix}", account_id=account_id, remote=remote)])
        chosen = some_settings(expert_id, conflict=(f"calendar{suffix}",), chosen=f"calendar{suffix}")
        await tx.calendars.save_settings(chosen)
        await tx.sessions.add(booked)
        await tx.sessions.claim(booked.expert_id, booked.session_id, token=CLAIM, now=NOW, until=NOW)
        await tx.incidents.add(
            an_incident(f"incident-before{suffix}", account_id=account_id, expert_id=expert_id, closed_at=NOW)
        )
        await tx.incidents.add(incident)
        await tx.jobs.write_session(booked.expert_id, booked.session_id)
        await tx.jobs.notify_expert(incident.incident_id)
        await tx.jobs.refresh_calendars(account.account_id)
    await _store_what_follows(kept, calendar_id=f"calendar{suffix}", session=booked, suffix=suffix)
    await _store_the_rest(kept, booked.expert_id)


async def _store_what_follows(
    kept: KeptByPostgres, *, calendar_id: str, session: Session, suffix: str
) -> None:
    """What is kept for a conflict calendar and a session that was checked, and what was recorded."""
    expert_id = session.expert_id
    subscription = a_subscription(calendar_id)
    account_id, hold_id = AccountId(f"account{suffix}"), HoldId(f"hold-of-{expert_id}")
    async with kept.transaction() as tx:
        busy = [an_interval(starts=3), an_interval(starts=5)]
        moved = a_deviation(session_id=session.session_id, blocks=an_interval(starts=26))
        reading = a_reading(calendar_id, busy=busy, deviations=[moved])
        task = a_reading_task(calendar_id, expert_id=expert_id)
        assert await tx.readings.store(task, reading, due_at=NOW, now=NOW)
        assert await tx.subscriptions.save(
            subscription, instead_of=None, secret="notification-secret-of-mia", renew_at=NOW
        )
        await tx.subscriptions.end(account_id, f"ended{suffix}")
        await tx.reserved.hold(a_hold(hold_id, expert_id=expert_id, interval=an_interval(starts=3)), now=NOW)
        await tx.reserved.reserve(expert_id, session.session_id, session.interval, now=NOW)
        await tx.changes.add(
            a_change(
                expert_id=expert_id,
                account_id=account_id,
                calendar_id=calendar_id,
                session_id=session.session_id,
                hold_id=hold_id,
                incident_id=IncidentId(f"incident{suffix}"),
                expires_at=NOW,
            )
        )
        await tx.jobs.read_calendar(CalendarId(calendar_id))
        await tx.audit.add(
            Act(
                action=AuditAction.CALENDARS_SELECTED,
                at=NOW,
                expert_id=expert_id,
                account_id=account_id,
                session_id=session.session_id,
                calendar_ids=(CalendarId(calendar_id),),
                about="everything",
            )
        )


async def _store_the_rest(kept: KeptByPostgres, expert_id: ExpertId) -> None:
    async with kept.pool.connection() as connection:
        for statement in REST:
            await connection.execute(statement.encode(), {"expert_id": expert_id, "claim": CLAIM})
