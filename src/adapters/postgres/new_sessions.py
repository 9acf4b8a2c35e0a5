"""New sessions in PostgreSQL: the rows, the changes in the feed and the worker's wake-up by one statement, for all who
come while the one before runs.

Almost every booking comes this way. docs/performance.md says what that gains.
"""

import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.rows import DictRow
from psycopg.types.json import Json, Jsonb

from adapters.postgres.cells import DEFAULT_CELL
from adapters.postgres.changes import CHANNEL, change_to_row
from adapters.postgres.changes import COLUMNS as CHANGE_COLUMNS
from adapters.postgres.errors import StatementFailed
from adapters.postgres.line import Row, Statement
from adapters.postgres.pinned import PinnedConnection, open_pinned
from adapters.postgres.session_rows import COLUMNS, session_to_row
from adapters.postgres.shared_statement import SharedStatement
from adapters.postgres.work_kinds import WRITE_SESSION
from application.ports.cipher import Cipher
from domain.change import Change
from domain.session import Session

MOST_AT_ONCE: Final = 50
"""Sessions a statement. One with long details counts as several, or a statement could hold megabytes."""
BYTES_OF_ONE: Final = 4096
SETTINGS: Final = {
    # Nobody waits longer for somebody else's session: then each goes by a unit of work, where only one has to wait.
    "lock_timeout": "1s",
    # The plan is made once, and the tables may have been empty then.
    "enable_seqscan": "off",
}

_SESSION, _CHANGE = ", ".join(COLUMNS), ", ".join(CHANGE_COLUMNS)
_log = logging.getLogger(__name__)

# Experts are held as the foreign key holds them, only without waiting: for one who is being erased, and for one who is
# unknown, there is nothing to insert, and no row fails the others. Sessions that are there are left out first, or
# whoever is changing one of them would be waited for. The order of the rows keeps two statements from waiting for each
# other. Both looks are written so that they stay nested in the rows, whatever the planner thinks of the tables.
ACCEPT = Statement(
    name="accept",
    types=("json", "json"),
    text=f"""
    WITH added AS (
        INSERT INTO session ({_SESSION})
        SELECT {_SESSION}
        FROM (SELECT * FROM json_populate_recordset(NULL::session, $1) ORDER BY expert_id, session_id) AS wanted
            CROSS JOIN LATERAL (
                SELECT FROM expert WHERE expert.expert_id = wanted.expert_id FOR KEY SHARE SKIP LOCKED
            ) AS known
        WHERE (
            SELECT count(*) FROM session
            WHERE session.expert_id = wanted.expert_id AND session.session_id = wanted.session_id
        ) = 0
        ON CONFLICT ON CONSTRAINT session_pkey DO NOTHING
        RETURNING expert_id, session_id
    ), told AS (
        INSERT INTO change ({_CHANGE})
        SELECT {_CHANGE} FROM json_populate_recordset(NULL::change, $2)
            JOIN added USING (expert_id, session_id)
    )
    SELECT expert_id, session_id, pg_notify(notify_channel('{CHANNEL}'), ''), wake_workers(
        '{WRITE_SESSION.name}', '{WRITE_SESSION.queue}',
        jsonb_build_object('expert_id', expert_id, 'session_id', session_id)
    ) FROM added
    """,  # noqa: S608 - made of names that stand in this program
)


@dataclass(frozen=True, slots=True)
class Arrival:
    session: DictRow
    told: DictRow

    @property
    def key(self) -> tuple[str, str]:
        return self.session["expert_id"], self.session["session_id"]


class PostgresNewSessions:
    """On a connection that has ACCEPT prepared."""

    def __init__(self, connection: PinnedConnection, cipher: Cipher) -> None:
        self._cipher = cipher
        self._connection = connection
        self._accept = SharedStatement(
            connection, ACCEPT, values=_values, answers=_answers, weight=_weight, most=MOST_AT_ONCE
        )

    @property
    def reconnects(self) -> int:
        """How often its connection was made anew."""
        return self._connection.reconnects

    async def accept(self, session: Session, told: Change) -> bool:
        arrival = Arrival(session_to_row(self._cipher, session), change_to_row(told))
        try:
            return await self._accept.ask(arrival)
        except StatementFailed as failed:
            # Nothing of it is done, and alone each hears what was wrong with its own.
            _log.warning(
                "a new session is put by itself: of %d together one was refused, SQLSTATE %s",
                failed.sharers,
                failed.sqlstate,
            )
            return False


@asynccontextmanager
async def open_new_sessions(
    dsn: str, cipher: Cipher, *, cell: str = DEFAULT_CELL
) -> AsyncIterator[PostgresNewSessions]:
    """With a connection of its own. Raises StoreUnavailable."""
    async with open_pinned(dsn, [ACCEPT], settings=SETTINGS, cell=cell) as connection:
        yield PostgresNewSessions(connection, cipher)


def _weight(arrival: Arrival) -> int:
    return 1 + len(arrival.session["details"]) // BYTES_OF_ONE


def _values(arrivals: Sequence[Arrival]) -> Sequence[Any]:
    """Of several with one key the first."""
    firsts = {one.key: one for one in reversed(arrivals)}.values()
    return _rows([one.session for one in firsts]), _rows([one.told for one in firsts])


def _answers(arrivals: Sequence[Arrival], rows: Sequence[Row]) -> Sequence[bool]:
    added = {(expert_id, session_id) for expert_id, session_id, *_ in rows}
    answers = []
    for one in arrivals:
        answers.append(one.key in added)
        added.discard(one.key)
    return answers


def _rows(rows: Sequence[DictRow]) -> Json:
    """As PostgreSQL reads rows by the names of their columns; those that are not there are null."""
    given = [{column: value for column, value in row.items() if value is not None} for row in rows]
    return Json(given, dumps=_ENCODER.encode)


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
