"""What is known of experts' time, by one statement: the query behind every availability answer.

It runs on every request, so it costs as little as possible: no transaction, prepared and planned once, binary, one row
per expert, and no object for an interval of busy time. docs/performance.md says what that gains.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import tuple_row

from adapters.postgres.deviations import deviations_from_value
from adapters.postgres.errors import translated
from adapters.postgres.pool import Pool, open_pool
from adapters.postgres.spans import spans_from_value
from application.ports.known_times import KnownCalendar, KnownTime
from domain.account import Provider
from domain.ids import AccountId, CalendarId, ExpertId, HoldId, SessionId
from domain.interval import Interval
from domain.reading import StoredReading
from domain.taken import BookedTime, HeldTime


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresKnownTimes:
    """Made by `open_known_times`."""

    pool: Pool

    async def of(
        self, expert_ids: Collection[ExpertId], window: Interval, *, now: datetime
    ) -> Mapping[ExpertId, KnownTime]:
        question = {"expert_ids": list(expert_ids), "start": window.start, "end": window.end, "now": now}
        async with translated(), self.pool.connection() as connection:
            cursor = connection.cursor(binary=True, row_factory=tuple_row)
            await cursor.execute(KNOWN, question, prepare=True)
            rows = await cursor.fetchall()
        return {row[0]: _from_row(row) for row in rows}


@asynccontextmanager
async def open_known_times(
    dsn: str, *, min_size: int = 2, max_size: int = 4
) -> AsyncIterator[PostgresKnownTimes]:
    """With connections of its own: planning for the arguments at hand would take longer than the answer, and no work of
    another kind may keep a question waiting. Raises StoreUnavailable.
    """
    async with open_pool(dsn, min_size=min_size, max_size=max_size, plan_once=True) as pool:
        yield PostgresKnownTimes(pool=pool)


# Holds are sifted when they were found, or the index of their ends would be taken for the better one.
KNOWN = """
    SELECT expert.expert_id, expert.time_zone, conflict.*, booked.*, held.*
    FROM expert
        CROSS JOIN LATERAL (
            SELECT array_agg(calendar_id), array_agg(account_id), array_agg(provider), array_agg(remote_id),
                array_agg(active), array_agg(missing), array_agg(window_start), array_agg(window_end),
                array_agg(read_at), array_agg(zone), array_agg(busy), array_agg(deviations)
            FROM (
                SELECT calendar_id, calendar.account_id, provider, remote_id, status = 'ACTIVE' AS active, missing,
                    window_start, window_end, reading_schedule.read_at, zone, busy, deviations
                FROM reading JOIN reading_schedule USING (expert_id, calendar_id) JOIN calendar USING (calendar_id)
                    JOIN account ON account.account_id = calendar.account_id
                WHERE reading.expert_id = expert.expert_id
                ORDER BY calendar_id
            ) AS one
        ) AS conflict
        CROSS JOIN LATERAL (
            SELECT array_agg(session_id), array_agg(starts_at), array_agg(ends_at)
            FROM (
                SELECT session_id, starts_at, ends_at FROM session
                WHERE session.expert_id = expert.expert_id AND NOT cancelled
                    AND starts_at < %(end)s AND ends_at > %(start)s
                ORDER BY starts_at, session_id
            ) AS one
        ) AS booked
        CROSS JOIN LATERAL (
            SELECT array_agg(hold_id) FILTER (WHERE live), array_agg(lower(during)) FILTER (WHERE live),
                array_agg(upper(during)) FILTER (WHERE live)
            FROM (
                SELECT hold_id, during, expires_at > %(now)s AS live FROM reserved_time
                WHERE reserved_time.expert_id = expert.expert_id AND hold_id IS NOT NULL
                    AND during && tstzrange(%(start)s, %(end)s)
                ORDER BY during, hold_id
            ) AS one
        ) AS held
    WHERE expert.expert_id = ANY (%(expert_ids)s)
    """


def _from_row(row: tuple[Any, ...]) -> KnownTime:
    expert_id, zone, *columns = row
    calendars, booked, held = columns[:12], columns[12:15], columns[15:]
    return KnownTime(
        expert_id=expert_id,
        zone=zone,
        calendars=tuple(map(_calendar, *calendars)) if calendars[0] else (),
        booked=tuple(map(_booked, *booked)) if booked[0] else (),
        held=tuple(map(_held, *held)) if held[0] else (),
    )


def _calendar(
    calendar_id: CalendarId,
    account_id: AccountId,
    provider: str,
    remote_id: str,
    active: bool,
    missing: bool,
    window_start: datetime,
    window_end: datetime,
    read_at: datetime | None,
    zone: str,
    busy: bytes,
    deviations: list[dict[str, Any]] | None,
) -> KnownCalendar:
    reading = (
        None
        if read_at is None
        else StoredReading(
            calendar_id=calendar_id,
            window=Interval(window_start, window_end),
            read_at=read_at,
            busy=spans_from_value(busy),
            zone=zone,
            deviations=deviations_from_value(deviations),
        )
    )
    return KnownCalendar(
        calendar_id=calendar_id,
        account_id=account_id,
        provider=Provider(provider),
        remote_calendar_id=remote_id,
        account_active=active,
        missing=missing,
        reading=reading,
    )


def _booked(session_id: SessionId, start: datetime, end: datetime) -> BookedTime:
    return BookedTime(session_id=session_id, interval=Interval(start, end))


def _held(hold_id: HoldId, start: datetime, end: datetime) -> HeldTime:
    return HeldTime(hold_id=hold_id, interval=Interval(start, end))
