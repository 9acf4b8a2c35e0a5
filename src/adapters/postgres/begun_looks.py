"""Beginning looks at calendars: what is due is taken straight from the schedule, with all that the look needs.

Marked calendars come before polled ones. Of both the head of an index is taken, and what another process is just taking
is passed over, so that several never want the same.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from psycopg.rows import tuple_row

from adapters.postgres.deviations import deviations_from_value
from adapters.postgres.pool import Connection
from adapters.postgres.rooms import room_to_row
from adapters.postgres.rules import rule_from_text
from adapters.postgres.spans import spans_from_value
from application.ports.lanes import Room
from domain.account import Provider
from domain.blocking import BlockingRule
from domain.ids import AccountId, CalendarId, ExpertId
from domain.interval import Interval
from domain.reading import SPREAD, BegunLook, Pace, ReadingTask, StoredReading

TASK: Final = """
    SELECT schedule.calendar_id, schedule.account_id,
        (SELECT provider FROM account WHERE account.account_id = schedule.account_id),
        schedule.expert_id, remote_id, writable, time_zone,
        coalesce((
            SELECT tentative_blocks FROM calendar_settings WHERE calendar_settings.expert_id = schedule.expert_id
        ), false),
        marks, failures, read_at, window_start, window_end, zone, busy, deviations
    FROM (
        SELECT reading_schedule.*, window_start, window_end, zone, busy, deviations
        FROM reading JOIN reading_schedule USING (expert_id, calendar_id)
        WHERE calendar_id = %(calendar_id)s AND readable
    ) AS schedule
        JOIN calendar USING (calendar_id) JOIN expert ON expert.expert_id = schedule.expert_id
    """
BEGUN: Final = """
    SELECT begun.calendar_id, begun.account_id,
        (SELECT provider FROM account WHERE account.account_id = begun.account_id),
        begun.expert_id, calendar.remote_id, calendar.writable, time_zone,
        coalesce((
            SELECT tentative_blocks FROM calendar_settings WHERE calendar_settings.expert_id = begun.expert_id
        ), false),
        begun.marks, begun.failures, begun.read_at, window_start, window_end, zone, busy, deviations,
        begun.begun_at, begun.due_at,
        (SELECT expires_at FROM subscription WHERE subscription.calendar_id = begun.calendar_id), noticed
    FROM begun JOIN reading USING (expert_id, calendar_id) JOIN calendar USING (calendar_id)
        JOIN expert USING (expert_id)
    ORDER BY noticed DESC, was_due_at, calendar_id
    """
LOCK: Final = """
    SELECT FROM reading_schedule JOIN reading USING (expert_id, calendar_id)
    WHERE calendar_id = %(calendar_id)s
    FOR NO KEY UPDATE OF reading_schedule
    """
BEGIN: Final = (
    """
    WITH begun AS (
        UPDATE reading_schedule AS schedule
        SET begun_at = %(now)s, due_at = %(until)s
        FROM reading
        WHERE reading.calendar_id = %(calendar_id)s AND schedule.expert_id = reading.expert_id
            AND schedule.calendar_id = reading.calendar_id AND readable
        RETURNING schedule.*, true AS noticed, schedule.due_at AS was_due_at
    )
    """  # noqa: S608 - constants
    + BEGUN
)
# How many rows a limit brings that is not a constant is guessed wrong by far. So whatever comes after it looks rows up
# in ways that don't depend on a guess: by their place in the table, which can't change while they are locked, and one
# by one. Of a row that was changed since the statement began the place is another one, which it doesn't see: such a row
# is left to the next claim, and never taken with what its reading said before.
BEGIN_DUE: Final = (
    """
    WITH held AS (SELECT * FROM unnest(%(keys)s::text[], %(held)s::int[]) AS one (account_id, places)),
    marked AS MATERIALIZED (
        SELECT *, ctid AS spot FROM reading_schedule
        WHERE readable AND marks > seen_marks AND due_at <= %(now)s AND account_id <> ALL (%(full)s::text[])
        ORDER BY due_at, calendar_id LIMIT %(places)s
        FOR NO KEY UPDATE SKIP LOCKED
    ),
    polled AS MATERIALIZED (
        SELECT *, ctid AS spot FROM reading_schedule
        WHERE readable AND due_at <= %(now)s AND account_id <> ALL (%(full)s::text[])
        ORDER BY due_at, calendar_id LIMIT least(%(places)s - (SELECT count(*) FROM marked), %(again)s)
        FOR NO KEY UPDATE SKIP LOCKED
    ),
    placed AS (
        SELECT spot, calendar_id, due_at, noticed, coalesce(places, 0) + row_number() OVER (
            PARTITION BY account_id ORDER BY noticed DESC, due_at, calendar_id
        ) AS place
        FROM (
            SELECT *, true AS noticed FROM marked
            UNION ALL
            SELECT *, marks > seen_marks FROM polled WHERE calendar_id NOT IN (SELECT calendar_id FROM marked)
        ) AS found LEFT JOIN held USING (account_id)
    ),
    wanted AS MATERIALIZED (
        SELECT placed.*, CASE WHEN noticed THEN %(until)s ELSE %(now)s + (
            CASE WHEN (SELECT expires_at FROM subscription WHERE subscription.calendar_id = placed.calendar_id)
                >= %(now)s + %(pushed)s THEN %(pushed)s ELSE %(polled)s END
        ) * (1 - %(spread)s * (%(jitter)s::float8[])[row_number() OVER ()]) END AS planned
        FROM placed
        WHERE place <= %(of_a_key)s
    ),
    begun AS (
        UPDATE reading_schedule AS schedule
        SET begun_at = %(now)s, due_at = planned
        FROM wanted
        WHERE schedule.ctid = ANY (ARRAY(SELECT spot FROM wanted)) AND schedule.calendar_id = wanted.calendar_id
        RETURNING schedule.*, noticed, wanted.due_at AS was_due_at
    )
    """  # noqa: S608 - constants
    + BEGUN
)

TAKE_WISHES_OVER: Final = """
    WITH found AS MATERIALIZED (
        SELECT kind, id, number FROM wish WHERE kind = 'read_calendar'
        ORDER BY id, number LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    ), planned AS MATERIALIZED (
        SELECT expert_id, calendar_id
        FROM found JOIN reading ON calendar_id = id JOIN reading_schedule USING (expert_id, calendar_id)
        FOR NO KEY UPDATE OF reading_schedule SKIP LOCKED
    ), marked AS (
        UPDATE reading_schedule AS schedule
        SET marks = nextval('reading_mark'), due_at = least(schedule.due_at, %(now)s)
        FROM planned
        WHERE schedule.expert_id = planned.expert_id AND schedule.calendar_id = planned.calendar_id
    )
    DELETE FROM wish USING found
    WHERE wish.kind = found.kind AND wish.id = found.id AND wish.number = found.number
        AND (
            wish.id IN (SELECT calendar_id FROM planned)
            OR NOT EXISTS (SELECT FROM reading WHERE calendar_id = wish.id)
        )
    """
WISHES_AT_ONCE: Final = 100

_log = logging.getLogger(__name__)


async def task_of(connection: Connection, calendar_id: CalendarId) -> ReadingTask | None:
    rows = await _rows(connection, TASK, {"calendar_id": calendar_id})
    return _task(rows[0]) if rows else None


async def begin_look(
    connection: Connection, calendar_id: CalendarId, *, now: datetime, until: datetime
) -> BegunLook | None:
    # In a statement of its own: what another look is just storing is waited for here, and seen by the next one whole.
    await connection.execute(LOCK, {"calendar_id": calendar_id})
    rows = await _rows(connection, BEGIN, {"calendar_id": calendar_id, "now": now, "until": until})
    return _look(rows[0]) if rows else None


async def begin_due_looks(
    connection: Connection, room: Room, *, now: datetime, until: datetime, pace: Pace, jitter: Sequence[float]
) -> tuple[BegunLook, ...]:
    await connection.execute(TAKE_WISHES_OVER, {"limit": WISHES_AT_ONCE, "now": now})
    rows = await _rows(
        connection,
        BEGIN_DUE,
        room_to_row(room)
        | {
            "now": now,
            "until": until,
            "polled": pace.polled_every,
            "pushed": pace.polled_with_push_every,
            "spread": SPREAD,
            "jitter": list(jitter),
        },
    )
    return tuple(_look(row) for row in rows)


async def _rows(connection: Connection, statement: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    cursor = connection.cursor(binary=True, row_factory=tuple_row)
    await cursor.execute(statement, given)
    return await cursor.fetchall()


def _look(row: tuple[Any, ...]) -> BegunLook:
    begun_at, due_at, told_until, noticed = row[16:]
    return BegunLook(
        task=_task(row), begun_at=begun_at, due_at=due_at, told_until=told_until, noticed=noticed
    )


def _task(row: tuple[Any, ...]) -> ReadingTask:
    calendar_id, account_id, provider, expert_id, remote_id, writable, *others = row[:16]
    zone, tentative, marks, failures, read_at, *found = others
    return ReadingTask(
        calendar_id=CalendarId(calendar_id),
        account_id=AccountId(account_id),
        provider=Provider(provider),
        expert_id=ExpertId(expert_id),
        remote_calendar_id=remote_id,
        writable=writable,
        rule=BlockingRule(zone, tentative),
        marks=marks,
        failures=failures,
        previous=None if read_at is None else _readable(CalendarId(calendar_id), read_at, found),
    )


def _readable(calendar_id: CalendarId, read_at: datetime, found: list[Any]) -> StoredReading | None:
    """None for what only a later version understands: many are taken together, and the others must not fail with it."""
    try:
        return _stored(calendar_id, read_at, found)
    except (LookupError, TypeError, ValueError) as error:
        _log.warning("a stored reading is not understood: %s", type(error).__name__)
        return None


def _stored(calendar_id: CalendarId, read_at: datetime, found: list[Any]) -> StoredReading:
    window_start, window_end, zone, busy, deviations = found
    return StoredReading(
        calendar_id=calendar_id,
        window=Interval(window_start, window_end),
        read_at=read_at,
        busy=spans_from_value(busy),
        rule=rule_from_text(zone),
        deviations=deviations_from_value(deviations),
    )
