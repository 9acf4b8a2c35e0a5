"""A row in each table, with every secret and every personal datum in its place."""

from adapters.postgres.moving.departures import PostgresDepartures
from application.ports.moving import CellFacts
from domain.account import Provider
from domain.ids import CalendarId, ExpertId
from domain.session import Replacement, Session
from domain.session_details import Visibility
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


async def store_everything(kept: KeptByPostgres, expert_id: str = EXPERT, suffix: str = "") -> None:
    """A row in each table, with every secret in its place."""
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
            account_id=account_id, mark=f"mark{suffix}", written=a_session(details=details).digest
        ),
        replacement=Replacement.EVENT_DELETED,
        written_at=NOW,
    )
    to_confirm = a_proven_connection(
        expert_id=expert_id,
        reconnects=account_id,
        email="mia.account@private.example",
        display_name="Mia Accountova",
        grant=a_grant(b"refresh-token-of-mia"),
        listed=[remote],
    )
    account = an_account(
        account_id, expert_id=expert_id, email="mia.account@private.example", display_name="Mia Accountova"
    )
    async with kept.transaction() as tx:
        await tx.experts.put(
            an_expert(expert_id, email="mia.expert@private.example", display_name="Mia Expertova")
        )
        await tx.accounts.add(account, a_grant(b"refresh-token-of-mia"))
        await tx.attempts.add(attempt)
        await tx.pending.add(to_confirm, token=f"confirm-token-of-mia{suffix}", expires_at=NOW)
        await tx.attempts.ask_consent_afresh(booked.expert_id, Provider.MICROSOFT, wanted=True)
        await tx.calendars.save([a_calendar(f"calendar{suffix}", account_id=account_id, remote=remote)])
        await tx.calendars.save_settings(some_settings(expert_id, conflict=(f"calendar{suffix}",)))
        await tx.sessions.add(booked)
        await tx.sessions.claim(booked.expert_id, booked.session_id, token="worker", now=NOW, until=NOW)
        await tx.incidents.add(incident)
        await tx.jobs.write_session(booked.expert_id, booked.session_id)
        await tx.jobs.notify_expert(incident.incident_id)
        await tx.jobs.refresh_calendars(account.account_id)
    await _store_what_follows(kept, calendar_id=f"calendar{suffix}", session=booked)


async def _store_what_follows(kept: KeptByPostgres, *, calendar_id: str, session: Session) -> None:
    """What is kept for a conflict calendar and a session that was checked."""
    expert_id = session.expert_id
    subscription = a_subscription(calendar_id)
    async with kept.transaction() as tx:
        reading = a_reading(calendar_id, busy=[an_interval(starts=3), an_interval(starts=5)])
        task = a_reading_task(calendar_id, expert_id=expert_id)
        assert await tx.readings.store(task, reading, due_at=NOW, now=NOW)
        assert await tx.subscriptions.save(
            subscription, instead_of=None, secret="notification-secret-of-mia", renew_at=NOW
        )
        await tx.reserved.hold(
            a_hold(f"hold-of-{expert_id}", expert_id=expert_id, interval=an_interval(starts=3)), now=NOW
        )
        await tx.reserved.reserve(expert_id, session.session_id, session.interval, now=NOW)
        await tx.changes.add(a_change(expert_id=expert_id, calendar_id=calendar_id))
        await tx.jobs.read_calendar(CalendarId(calendar_id))
        await tx.jobs.keep_subscription(CalendarId(calendar_id))


DEPARTED = ExpertId("departed")


async def store_departed(kept: KeptByPostgres, suffix: str = "") -> None:
    """Somebody on the way to another cell, of whom nothing else is left here."""
    there = CellFacts(name="west", schema_version="", time=NOW, public_url=None)
    expert = an_expert(DEPARTED + suffix, email="mia.expert@private.example", display_name="Mia Expertova")
    async with kept.transaction() as tx:
        await tx.experts.put(expert)
    departures = PostgresDepartures(pool=kept.pool, cipher=kept.store.cipher)
    await departures.depart(expert.expert_id, move_id=f"move{suffix}", to=there)
