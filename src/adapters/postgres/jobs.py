"""Queueing jobs as rows of the same transaction, and dropping those of whoever is gone."""

from dataclasses import dataclass
from datetime import datetime

from procrastinate import App
from psycopg.types.json import Jsonb

from adapters.postgres.job_queue import (
    END_SUBSCRIPTION,
    KEEP_SUBSCRIPTION,
    NOTIFY_EXPERT,
    READ_CALENDAR,
    REFRESH_CALENDARS,
    WRITE_SESSION,
    JobKind,
)
from adapters.postgres.pool import Connection
from domain.ids import AccountId, CalendarId, ExpertId, IncidentId, SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresJobs:
    connection: Connection
    app: App

    async def write_session(
        self, expert_id: ExpertId, session_id: SessionId, *, at: datetime | None = None
    ) -> None:
        await self._wake(WRITE_SESSION, at, expert_id=expert_id, session_id=session_id)

    async def notify_expert(self, incident_id: IncidentId, *, at: datetime | None = None) -> None:
        await self._wake(NOTIFY_EXPERT, at, incident_id=incident_id)

    async def refresh_calendars(self, account_id: AccountId) -> None:
        waiting = await self.connection.execute(
            """
            SELECT 1 FROM procrastinate_jobs
            WHERE queue_name = %(queue)s AND status = 'todo' AND args ->> 'account_id' = %(account_id)s LIMIT 1
            """,
            {"queue": REFRESH_CALENDARS.queue, "account_id": account_id},
        )
        if await waiting.fetchone() is None:
            await self._defer(REFRESH_CALENDARS, None, account_id=account_id)

    async def read_calendar(self, calendar_id: CalendarId) -> None:
        await self._once(READ_CALENDAR, calendar_id)

    async def keep_subscription(self, calendar_id: CalendarId) -> None:
        await self._once(KEEP_SUBSCRIPTION, calendar_id)

    async def end_subscription(self, account_id: AccountId, remote_id: str) -> None:
        await self._defer(END_SUBSCRIPTION, None, account_id=account_id, remote_id=remote_id)

    async def _wake(self, kind: JobKind, at: datetime | None, **ids: str) -> None:
        await self.connection.execute(
            "SELECT wake_workers(%(kind)s, %(queue)s, %(ids)s, %(at)s)",
            {"kind": kind.name, "queue": kind.queue, "ids": Jsonb(ids), "at": at},
        )

    async def _once(self, kind: JobKind, calendar_id: CalendarId) -> None:
        # "?" as the index of these jobs has it, for all the conditions of an index must be asked for.
        waiting = await self.connection.execute(
            """
            SELECT 1 FROM procrastinate_jobs
            WHERE queue_name = %(queue)s AND status = 'todo' AND args ? 'calendar_id'
                AND args ->> 'calendar_id' = %(calendar_id)s
            LIMIT 1
            """,
            {"queue": kind.queue, "calendar_id": calendar_id},
        )
        if await waiting.fetchone() is None:
            await self._defer(kind, None, calendar_id=calendar_id)

    async def _defer(self, kind: JobKind, at: datetime | None, **ids: str) -> None:
        job = self.app.configure_task(kind.name, queue=kind.queue, schedule_at=at, connection=self.connection)
        await job.defer_async(**ids)


# A job that runs is left to its worker, which finds nothing to do any more.


async def forget_jobs_of_expert(connection: Connection, expert_id: ExpertId) -> None:
    """Call it while the expert's rows are still there."""
    await connection.execute(
        """
        DELETE FROM procrastinate_jobs
        WHERE status <> 'doing' AND (
            args ->> 'expert_id' = %(expert_id)s
            OR args ->> 'account_id' IN (SELECT account_id FROM account WHERE expert_id = %(expert_id)s)
            OR args ->> 'incident_id' IN (SELECT incident_id FROM incident WHERE expert_id = %(expert_id)s)
            OR args ->> 'calendar_id' IN (
                SELECT calendar_id FROM calendar JOIN account USING (account_id) WHERE expert_id = %(expert_id)s
            )
        )
        """,
        {"expert_id": expert_id},
    )


async def forget_jobs_of_account(connection: Connection, account_id: AccountId) -> None:
    """Call it while the account's rows are still there."""
    await connection.execute(
        """
        DELETE FROM procrastinate_jobs
        WHERE status <> 'doing' AND (
            args ->> 'account_id' = %(account_id)s
            OR args ->> 'incident_id' IN (SELECT incident_id FROM incident WHERE account_id = %(account_id)s)
            OR args ->> 'calendar_id' IN (SELECT calendar_id FROM calendar WHERE account_id = %(account_id)s)
        )
        """,
        {"account_id": account_id},
    )
