"""Beginning looks at calendars: what is due is taken straight from the schedule, with all that the look needs.

Marked calendars come before polled ones. Of both the head of an index is taken, and what another process is just taking
is passed over, so that several never want the same.
"""

import logging
from collections.abc import Collection, Sequence
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
from domain.reading import NEARLY_DUE, SPREAD, BegunLook, Pace, ReadingTask, StoredReading

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
    SELECT begun.calendar_id, begun.account_id, provider, begun.expert_id, calendar.remote_id, calendar.writable,
        time_zone,
        coalesce((
            SELECT tentative_blocks FROM calendar_settings WHERE calendar_settings.expert_id = begun.expert_id
        ), false),
        begun.marks, begun.failures, begun.read_at, window_start, window_end, zone, busy, deviations,
        begun.begun_at, begun.due_at,
        (SELECT expires_at FROM subscription WHERE subscription.calendar_id = begun.calendar_id), noticed,
        together
    FROM begun JOIN reading USING (expert_id, calendar_id) JOIN calendar USING (calendar_id)
        JOIN expert USING (expert_id)
    ORDER BY noticed DESC, was_due_at, calendar_id
    """
LOCK: Final = """
    SELECT FROM reading_schedule JOIN reading USING (expert_id, calendar_id)
    WHERE calendar_id = ANY (%(calendar_ids)s)
    ORDER BY calendar_id
    FOR NO KEY UPDATE OF reading_schedule
    """
BEGIN: Final = (
    """
    WITH begun AS (
        UPDATE reading_schedule AS schedule
        SET begun_at = %(now)s, due_at = %(until)s
        FROM reading
        WHERE reading.calendar_id = ANY (%(calendar_ids)s) AND schedule.expert_id = reading.expert_id
            AND schedule.calendar_id = reading.calendar_id AND readable
        RETURNING schedule.*, (SELECT provider FROM account WHERE account.account_id = schedule.account_id),
            true AS noticed, schedule.due_at AS was_due_at, false AS together
    )
    """  # noqa: S608 - constants
    + BEGUN
)
# `sorted` to `brought`: calendars of an account that are asked for together are one `part`, and take one place. What of
# them another process is just taking is not waited for: then that is two requests, and the next poll is one again.
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
    found AS MATERIALIZED (
        SELECT *, (SELECT provider FROM account WHERE account.account_id = found.account_id)
        FROM (
            SELECT *, true AS noticed FROM marked
            UNION ALL
            SELECT *, marks > seen_marks FROM polled WHERE calendar_id NOT IN (SELECT calendar_id FROM marked)
        ) AS found
    ),
    sorted AS MATERIALIZED (
        SELECT *, CASE WHEN together THEN '' ELSE calendar_id END AS part
        FROM (
            SELECT *, CASE WHEN provider = ANY (%(together)s::text[])
                THEN provider = ANY (%(with_writable)s::text[])
                    OR NOT (SELECT writable FROM calendar WHERE calendar.calendar_id = found.calendar_id)
                ELSE false END AS together
            FROM found
        ) AS found
    ),
    unit AS (
        SELECT DISTINCT ON (account_id, part) account_id, part, noticed, due_at, calendar_id FROM sorted
        ORDER BY account_id, part, noticed DESC, due_at, calendar_id
    ),
    placed AS MATERIALIZED (
        SELECT account_id, part, row_number() OVER () AS number
        FROM (
            SELECT *, coalesce(places, 0) + row_number() OVER (
                PARTITION BY account_id ORDER BY noticed DESC, due_at, calendar_id
            ) AS place
            FROM unit LEFT JOIN held USING (account_id)
        ) AS unit
        WHERE place <= %(of_a_key)s
    ),
    chosen AS MATERIALIZED (
        SELECT spot, expert_id, calendar_id, account_id, provider, due_at, noticed, failures, together, number
        FROM sorted JOIN placed USING (account_id, part)
    ),
    brought AS MATERIALIZED (
        SELECT other.spot, other.calendar_id, provider, other.due_at, other.marks > other.seen_marks AS noticed,
            number
        FROM (
            SELECT expert_id, account_id, provider, number, bool_or(NOT noticed AND failures = 0) AS with_all
            FROM chosen WHERE together GROUP BY expert_id, account_id, provider, number
        ) AS led, LATERAL (
            SELECT *, ctid AS spot FROM reading_schedule
            WHERE expert_id = led.expert_id AND account_id = led.account_id AND readable
                AND (begun_at IS NULL OR due_at <= %(now)s)
                AND (due_at <= %(now)s + %(nearly)s OR (with_all AND failures = 0))
                AND calendar_id NOT IN (SELECT calendar_id FROM found)
                AND (led.provider = ANY (%(with_writable)s::text[]) OR NOT (
                    SELECT writable FROM calendar WHERE calendar.calendar_id = reading_schedule.calendar_id
                ))
            FOR NO KEY UPDATE SKIP LOCKED
        ) AS other
    ),
    wanted AS MATERIALIZED (
        SELECT one.*, CASE WHEN noticed THEN %(until)s ELSE %(now)s + greatest(
            CASE WHEN provider = ANY (%(saving)s::text[]) THEN %(saving_every)s END,
            CASE WHEN bool_and(coalesce(
                (SELECT expires_at FROM subscription WHERE subscription.calendar_id = one.calendar_id)
                    >= %(now)s + %(pushed)s, false)
            ) OVER (PARTITION BY number) THEN %(pushed)s ELSE %(polled)s END
        ) * (1 - %(spread)s * (%(jitter)s::float8[])[number]) END AS planned
        FROM (
            SELECT spot, calendar_id, provider, due_at, noticed, together, number FROM chosen
            UNION ALL
            SELECT spot, calendar_id, provider, due_at, noticed, true, number FROM brought
        ) AS one
    ),
    begun AS (
        UPDATE reading_schedule AS schedule
        SET begun_at = %(now)s, due_at = planned
        FROM wanted
        WHERE schedule.ctid = ANY (ARRAY(SELECT spot FROM wanted)) AND schedule.calendar_id = wanted.calendar_id
        RETURNING schedule.*, provider, noticed, wanted.due_at AS was_due_at, together
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


async def begin_looks(
    connection: Connection, calendar_ids: Collection[CalendarId], *, now: datetime, until: datetime
) -> tuple[BegunLook, ...]:
    # In a statement of its own: what other looks are just storing is waited for here, and seen by the next one whole.
    given = {"calendar_ids": list(calendar_ids), "now": now, "until": until}
    await connection.execute(LOCK, given)
    return tuple(_look(row) for row in await _rows(connection, BEGIN, given))


async def begin_due_looks(
    connection: Connection,
    room: Room,
    *,
    now: datetime,
    until: datetime,
    pace: Pace,
    jitter: Sequence[float],
    together: Collection[Provider],
    with_writable: Collection[Provider],
    saving: Collection[Provider],
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
            "nearly": pace.polled_every * NEARLY_DUE,
            "jitter": list(jitter),
            "together": [one.value for one in together],
            "with_writable": [one.value for one in with_writable],
            "saving": [one.value for one in saving],
            "saving_every": pace.saving_every,
        },
    )
    return tuple(_look(row) for row in rows)


async def _rows(connection: Connection, statement: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    cursor = connection.cursor(binary=True, row_factory=tuple_row)
    await cursor.execute(statement, given)
    return await cursor.fetchall()


def _look(row: tuple[Any, ...]) -> BegunLook:
    begun_at, due_at, told_until, noticed, together = row[16:]
    return BegunLook(
        task=_task(row),
        begun_at=begun_at,
        due_at=due_at,
        told_until=told_until,
        noticed=noticed,
        together=together,
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
