"""New sessions in PostgreSQL: the row, the change in the feed and the worker's wake-up by one statement.

It runs for almost every booking, so it takes no transaction around it and one round trip. docs/performance.md says what
that gains.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from adapters.postgres.changes import CHANNEL, change_to_row
from adapters.postgres.changes import COLUMNS as CHANGE_COLUMNS
from adapters.postgres.errors import translated
from adapters.postgres.job_queue import WRITE_SESSION
from adapters.postgres.pool import Pool
from adapters.postgres.session_rows import COLUMNS, session_to_row
from application.ports.cipher import Cipher
from domain.change import Change
from domain.session import Session

_SESSION, _CHANGE = ", ".join(COLUMNS), ", ".join(CHANGE_COLUMNS)

# Experts are held as the foreign key holds them, only without waiting: for one who is being erased, and for one who is
# unknown, there is nothing to insert, and no row fails the others. Sessions that are there are left out first, or
# whoever is changing one of them would be waited for. The order of the rows keeps two statements from waiting for each
# other.
ACCEPT = f"""
    WITH wanted AS (
        SELECT * FROM json_populate_recordset(NULL::session, %(sessions)s) AS one
        WHERE NOT EXISTS (
            SELECT FROM session
            WHERE session.expert_id = one.expert_id AND session.session_id = one.session_id
        )
    ), known AS MATERIALIZED (
        SELECT expert_id FROM expert WHERE expert_id IN (SELECT expert_id FROM wanted)
        ORDER BY expert_id
        FOR KEY SHARE SKIP LOCKED
    ), added AS (
        INSERT INTO session ({_SESSION})
        SELECT {_SESSION} FROM wanted JOIN known USING (expert_id)
        ORDER BY expert_id, session_id
        ON CONFLICT ON CONSTRAINT session_pkey DO NOTHING
        RETURNING expert_id, session_id
    ), told AS (
        INSERT INTO change ({_CHANGE})
        SELECT {_CHANGE} FROM json_populate_recordset(NULL::change, %(changes)s)
            JOIN added USING (expert_id, session_id)
    ), queued AS (
        SELECT procrastinate_defer_jobs_v1(array_agg(ROW(
            '{WRITE_SESSION.queue}', '{WRITE_SESSION.name}', 0, NULL, NULL,
            jsonb_build_object('expert_id', expert_id, 'session_id', session_id), NULL
        )::procrastinate_job_to_defer_v1)) FROM added
        HAVING count(*) > 0
    )
    SELECT expert_id, session_id, pg_notify('{CHANNEL}', '') FROM added, queued
    """  # noqa: S608 - made of names that stand in this program


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresNewSessions:
    pool: Pool
    cipher: Cipher

    async def accept(self, session: Session, told: Change) -> bool:
        wanted = {
            "sessions": f"[{_as_json(session_to_row(self.cipher, session))}]",
            "changes": f"[{_as_json(change_to_row(told))}]",
        }
        async with translated(), self.pool.connection() as connection:
            cursor = await connection.execute(ACCEPT, wanted, prepare=True)
            return cursor.rowcount == 1


def _as_json(row: DictRow) -> str:
    """As PostgreSQL reads rows by the names of their columns; those that are not there are null."""
    return _ENCODER.encode({column: value for column, value in row.items() if value is not None})


def _column(value: object) -> object:
    """What JSON has no form of."""
    match value:
        case datetime():
            return value.isoformat()
        case bytes():
            return "\\x" + value.hex()
        case Jsonb():
            return value.obj
    raise TypeError


_ENCODER = json.JSONEncoder(default=_column, separators=(",", ":"))
