"""The changes in PostgreSQL, written with what changed."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import DictRow

from adapters.postgres.pool import Connection
from application.ports.changes import REMOVED_AT_ONCE
from domain.change import Change, ChangeType
from domain.ids import AccountId, CalendarId, ExpertId, HoldId, IncidentId, SessionId

CHANNEL = "calendarsync_change"
"""Here and below as the function `notify_channel` takes it, which names the cell's own."""
ERASED_CHANNEL = "calendarsync_erased"
"""With the expert's id."""
COLUMNS = (
    "expert_id",
    "type",
    "at",
    "account_id",
    "calendar_id",
    "session_id",
    "hold_id",
    "incident_id",
    "expires_at",
)
"""All but those that are its place in the feed, which the database fills in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresChanges:
    connection: Connection

    async def add(self, change: Change) -> None:
        # PostgreSQL sends a notification when the transaction has committed, and equal ones once.
        await self.connection.execute(
            """
            WITH added AS (
                INSERT INTO change (expert_id, type, at, account_id, calendar_id, session_id, hold_id, incident_id,
                    expires_at)
                VALUES (%(expert_id)s, %(type)s, %(at)s, %(account_id)s, %(calendar_id)s, %(session_id)s, %(hold_id)s,
                    %(incident_id)s, %(expires_at)s)
            )
            SELECT pg_notify(notify_channel(%(channel)s), '')
            """,
            change_to_row(change) | {"channel": CHANNEL},
        )

    async def remove_before(self, at: datetime, limit: int = REMOVED_AT_ONCE) -> int:
        # Only what is settled: a reader who is still to come to the rest would miss it. Looking stops at the first
        # that stays, so where nothing is to be removed one row is read.
        cursor = await self.connection.execute(
            """
            WITH first_kept AS (
                SELECT transaction, number
                FROM (
                    SELECT transaction, number, at, row_number() OVER (ORDER BY transaction, number) AS nth
                    FROM change
                    WHERE transaction < pg_snapshot_xmin(pg_current_snapshot())
                    ORDER BY transaction, number
                    LIMIT %(limit)s + 1
                ) AS oldest
                WHERE at >= %(at)s OR nth > %(limit)s
                ORDER BY transaction, number
                LIMIT 1
            ), removed AS (
                DELETE FROM change
                WHERE (transaction, number) < (
                    SELECT transaction, number FROM first_kept
                    UNION ALL
                    SELECT pg_snapshot_xmin(pg_current_snapshot()), 0
                    ORDER BY transaction, number
                    LIMIT 1
                )
                RETURNING transaction, number
            ), last AS (
                SELECT transaction, number FROM removed ORDER BY transaction DESC, number DESC LIMIT 1
            ), noted AS (
                UPDATE change_feed SET removed_transaction = last.transaction, removed_number = last.number
                FROM last
                WHERE (last.transaction, last.number) > (removed_transaction, removed_number)
            )
            SELECT count(*) AS count FROM removed
            """,
            {"at": at, "limit": limit},
        )
        row = await cursor.fetchone()
        assert row is not None
        return int(row["count"])


async def forget_changes_of_expert(connection: Connection, expert_id: ExpertId) -> None:
    """Call it when the expert's rows are gone: whoever was writing of them has finished then, or finds nothing."""
    await connection.execute("DELETE FROM change WHERE expert_id = %(expert_id)s", {"expert_id": expert_id})
    # Processes remember changes: they must forget these.
    await connection.execute(
        "SELECT pg_notify(notify_channel(%(channel)s), %(expert_id)s)",
        {"channel": ERASED_CHANNEL, "expert_id": expert_id},
    )


_TYPES = {one.value: one for one in ChangeType}


def change_from_row(row: DictRow) -> Change:
    account_id, calendar_id, session_id = row["account_id"], row["calendar_id"], row["session_id"]
    hold_id, incident_id = row["hold_id"], row["incident_id"]
    return Change(
        # A process of a later version may write others, and the feed must go on all the same.
        type=_TYPES.get(row["type"], ChangeType.UNSPECIFIED),
        expert_id=ExpertId(row["expert_id"]),
        at=row["at"],
        account_id=None if account_id is None else AccountId(account_id),
        calendar_id=None if calendar_id is None else CalendarId(calendar_id),
        session_id=None if session_id is None else SessionId(session_id),
        hold_id=None if hold_id is None else HoldId(hold_id),
        incident_id=None if incident_id is None else IncidentId(incident_id),
        expires_at=row["expires_at"],
    )


def change_to_row(change: Change) -> DictRow:
    return {
        "expert_id": change.expert_id,
        "type": change.type.value,
        "at": change.at,
        "account_id": change.account_id,
        "calendar_id": change.calendar_id,
        "session_id": change.session_id,
        "hold_id": change.hold_id,
        "incident_id": change.incident_id,
        "expires_at": change.expires_at,
    }
