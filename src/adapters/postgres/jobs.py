"""Waking workers once a transaction has committed, and wishes of those who must not wait for a row."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from adapters.postgres.pool import Connection
from adapters.postgres.subscriptions import PostgresSubscriptions
from adapters.postgres.work_kinds import (
    END_SUBSCRIPTION,
    KEEP_SUBSCRIPTION,
    NOTIFY_EXPERT,
    READ_CALENDAR,
    REFRESH_CALENDARS,
    WRITE_SESSION,
    WorkKind,
)
from domain.ids import AccountId, CalendarId, ExpertId, IncidentId, SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresJobs:
    connection: Connection

    async def write_session(
        self, expert_id: ExpertId, session_id: SessionId, *, at: datetime | None = None
    ) -> None:
        await self._wake(WRITE_SESSION, at, expert_id=expert_id, session_id=session_id)

    async def notify_expert(self, incident_id: IncidentId, *, at: datetime | None = None) -> None:
        await self._wake(NOTIFY_EXPERT, at, incident_id=incident_id)

    async def refresh_calendars(self, account_id: AccountId) -> None:
        await self._wish(REFRESH_CALENDARS, account_id)
        await self._wake(REFRESH_CALENDARS, None, account_id=account_id)

    async def read_calendar(self, calendar_id: CalendarId) -> None:
        await self._wish(READ_CALENDAR, calendar_id)
        await self._wake(READ_CALENDAR, None, calendar_id=calendar_id)

    async def keep_subscription(self, calendar_id: CalendarId) -> None:
        await self._wake(KEEP_SUBSCRIPTION, None, calendar_id=calendar_id)

    async def end_subscription(self, account_id: AccountId, remote_id: str) -> None:
        await PostgresSubscriptions(connection=self.connection).end(account_id, remote_id)
        await self._wake(END_SUBSCRIPTION, None, account_id=account_id)

    async def _wake(self, kind: WorkKind, at: datetime | None, **ids: str) -> None:
        await self.connection.execute(
            "SELECT wake_workers(%(kind)s, %(queue)s, %(ids)s, %(at)s)",
            {"kind": kind.name, "queue": kind.queue, "ids": Jsonb(ids), "at": at},
        )

    async def _wish(self, kind: WorkKind, wished_id: str) -> None:
        """Waits for nobody. One that is there is as good, and kept until this commits; one being taken is not."""
        await self.connection.execute(
            """
            WITH there AS MATERIALIZED (
                SELECT FROM wish WHERE kind = %(kind)s AND id = %(id)s FOR KEY SHARE SKIP LOCKED
            )
            INSERT INTO wish (kind, id) SELECT %(kind)s, %(id)s WHERE NOT EXISTS (SELECT FROM there)
            """,
            {"kind": kind.name, "id": wished_id},
        )


# What processes of the version before have queued, under ids that must go, goes too.


async def forget_wishes_of_expert(connection: Connection, expert_id: ExpertId) -> None:
    """Call it while the expert's rows are still there."""
    gone = {"expert_id": expert_id}
    await connection.execute(
        """
        DELETE FROM wish
        WHERE kind = 'refresh_calendars' AND id IN (SELECT account_id FROM account WHERE expert_id = %(expert_id)s)
            OR kind = 'read_calendar' AND id IN (
                SELECT calendar_id FROM calendar JOIN account USING (account_id) WHERE expert_id = %(expert_id)s
            )
        """,
        gone,
    )
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
        gone,
    )


async def forget_wishes_of_account(connection: Connection, account_id: AccountId) -> None:
    """Call it while the account's rows are still there."""
    gone = {"account_id": account_id}
    await connection.execute(
        """
        DELETE FROM wish
        WHERE kind = 'refresh_calendars' AND id = %(account_id)s
            OR kind = 'read_calendar' AND id IN (SELECT calendar_id FROM calendar WHERE account_id = %(account_id)s)
        """,
        gone,
    )
    await connection.execute(
        """
        DELETE FROM procrastinate_jobs
        WHERE status <> 'doing' AND (
            args ->> 'account_id' = %(account_id)s
            OR args ->> 'incident_id' IN (SELECT incident_id FROM incident WHERE account_id = %(account_id)s)
            OR args ->> 'calendar_id' IN (SELECT calendar_id FROM calendar WHERE account_id = %(account_id)s)
        )
        """,
        gone,
    )
