"""The stored readings in PostgreSQL, and when each is due."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import DictRow

from adapters.postgres.begun_looks import begin_due_looks, begin_looks, task_of
from adapters.postgres.deviations import deviations_from_value, deviations_to_value
from adapters.postgres.pool import Connection
from adapters.postgres.rules import rule_from_text, rule_to_text
from adapters.postgres.spans import spans_from_value, spans_to_value
from application.ports.lanes import Room
from domain.account import Provider
from domain.ids import AccountId, CalendarId, ExpertId, SessionId
from domain.interval import Interval
from domain.reading import BegunLook, Pace, ReadingTask, StoredReading


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresReadings:
    """What was found is in `reading`; when, and what is due, in the narrow `reading_schedule` beside it.

    Most looks find nothing new and write only there. Whoever needs both rows locks `reading` first.
    """

    connection: Connection

    async def task(self, calendar_id: CalendarId) -> ReadingTask | None:
        return await task_of(self.connection, calendar_id)

    async def begin_all(
        self, calendar_ids: Collection[CalendarId], *, now: datetime, until: datetime
    ) -> tuple[BegunLook, ...]:
        return await begin_looks(self.connection, calendar_ids, now=now, until=until)

    async def begin_due(
        self,
        room: Room,
        *,
        now: datetime,
        until: datetime,
        pace: Pace,
        jitter: Sequence[float],
        together: Collection[Provider] = (),
        with_writable: Collection[Provider] = (),
        saving: Collection[Provider] = (),
    ) -> tuple[BegunLook, ...]:
        return await begin_due_looks(
            self.connection,
            room,
            now=now,
            until=until,
            pace=pace,
            jitter=jitter,
            together=together,
            with_writable=with_writable,
            saving=saving,
        )

    async def free_begun(self, now: datetime, *, before: datetime) -> None:
        # All rows are gone through, since an index would be changed by each look; and workers rarely die.
        await self.connection.execute(
            """
            UPDATE reading_schedule
            SET begun_at = NULL, failures = failures + 1,
                due_at = CASE WHEN failures = 0 THEN least(due_at, %(now)s) ELSE due_at END
            FROM (
                SELECT expert_id, calendar_id FROM reading_schedule WHERE begun_at < %(before)s
                FOR NO KEY UPDATE SKIP LOCKED
            ) AS left_over
            WHERE reading_schedule.expert_id = left_over.expert_id
                AND reading_schedule.calendar_id = left_over.calendar_id
            """,
            {"now": now, "before": before},
        )

    async def overlapping(
        self, expert_id: ExpertId, interval: Interval, *, but: SessionId | None = None
    ) -> tuple[tuple[AccountId, CalendarId], ...]:
        await self.connection.execute(
            # All of them, also those not read yet: the first reading may be on its way.
            """
            SELECT FROM reading_schedule WHERE expert_id = %(expert_id)s
            ORDER BY calendar_id
            FOR KEY SHARE
            """,
            {"expert_id": expert_id},
        )
        # In a statement of its own, which sees what was stored while the first one waited.
        cursor = await self.connection.execute(
            """
            SELECT reading.*, account_id, reading_schedule.read_at AS true_at
            FROM reading JOIN reading_schedule USING (expert_id, calendar_id)
            WHERE expert_id = %(expert_id)s AND reading.read_at IS NOT NULL
            ORDER BY calendar_id
            """,
            {"expert_id": expert_id},
        )
        return tuple(
            [
                (AccountId(row["account_id"]), CalendarId(row["calendar_id"]))
                async for row in cursor
                if _from_row(row).overlaps(interval, but=but)
            ]
        )

    async def deviating(self, expert_id: ExpertId, session_id: SessionId) -> tuple[CalendarId, ...]:
        cursor = await self.connection.execute(
            "SELECT calendar_id, deviations FROM reading WHERE expert_id = %(expert_id)s ORDER BY calendar_id",
            {"expert_id": expert_id},
        )
        return tuple(
            [
                CalendarId(row["calendar_id"])
                async for row in cursor
                if any(one.session_id == session_id for one in deviations_from_value(row["deviations"]))
            ]
        )

    async def lock(self, calendar_id: CalendarId) -> StoredReading | None:
        cursor = await self.connection.execute(
            # FOR UPDATE of the schedule, which keeps those out who look whether anything overlaps; marks and leases
            # only wait. Not of the reading: whoever changes a schedule twice in one transaction has its foreign key
            # checked, which locks the reading after the schedule.
            """
            SELECT reading.*, reading_schedule.read_at AS true_at
            FROM reading JOIN reading_schedule USING (expert_id, calendar_id)
            WHERE calendar_id = %(calendar_id)s
            FOR NO KEY UPDATE OF reading FOR UPDATE OF reading_schedule
            """,
            {"calendar_id": calendar_id},
        )
        row = await cursor.fetchone()
        return None if row is None or row["true_at"] is None else _from_row(row)

    async def store(
        self, task: ReadingTask, reading: StoredReading, *, due_at: datetime, now: datetime
    ) -> bool:
        cursor = await self.connection.execute(
            # Whoever marked it woke workers, who may have found it locked by just this transaction, and passed it over.
            """
            WITH before AS (
                SELECT begun_at FROM reading_schedule
                WHERE expert_id = %(expert_id)s AND calendar_id = %(calendar_id)s
            )
            UPDATE reading_schedule
            SET read_at = %(read_at)s, begun_at = NULL, seen_marks = %(marks)s, failures = 0,
                due_at = CASE WHEN marks > %(marks)s THEN least(due_at, %(read_at)s) ELSE %(due_at)s END
            WHERE expert_id = %(expert_id)s AND calendar_id = %(calendar_id)s
                AND (read_at IS NULL OR read_at <= %(read_at)s OR read_at > %(now)s)
            RETURNING CASE
                WHEN marks > %(marks)s AND (SELECT begun_at IS NULL OR begun_at <= %(read_at)s FROM before)
                THEN wake_workers('read_calendar', 'readings', '{}')
            END
            """,
            {
                "expert_id": task.expert_id,
                "calendar_id": task.calendar_id,
                "read_at": reading.read_at,
                "marks": task.marks,
                "due_at": due_at,
                "now": now,
            },
        )
        if cursor.rowcount == 0:
            await self._end_refused(task, reading, due_at=due_at)
            return False
        await self._write_what_differs(task, reading)
        return True

    async def _end_refused(self, task: ReadingTask, reading: StoredReading, *, due_at: datetime) -> None:
        """Also a look that counts as older than what is there is over. It may have begun later, by a clock that is
        milliseconds behind, and then somebody has to see what the marks since are about."""
        await self.connection.execute(
            """
            UPDATE reading_schedule
            SET begun_at = NULL, due_at = CASE WHEN marks > seen_marks THEN %(begun_at)s ELSE %(due_at)s END
            WHERE expert_id = %(expert_id)s AND calendar_id = %(calendar_id)s AND begun_at = %(begun_at)s
            RETURNING CASE WHEN marks > seen_marks THEN wake_workers('read_calendar', 'readings', '{}') END
            """,
            {
                "expert_id": task.expert_id,
                "calendar_id": task.calendar_id,
                "begun_at": reading.read_at,
                "due_at": due_at,
            },
        )

    async def _write_what_differs(self, task: ReadingTask, reading: StoredReading) -> None:
        await self.connection.execute(
            """
            UPDATE reading
            SET window_start = %(window_start)s, window_end = %(window_end)s, read_at = %(read_at)s, zone = %(zone)s,
                busy = %(busy)s, deviations = %(deviations)s
            WHERE calendar_id = %(calendar_id)s AND (window_start, window_end, zone, busy, deviations)
                IS DISTINCT FROM (%(window_start)s, %(window_end)s, %(zone)s, %(busy)s, %(deviations)s)
            """,
            _to_row(reading) | {"calendar_id": task.calendar_id},
        )

    async def failed(self, task: ReadingTask, *, due_at: datetime) -> None:
        await self.connection.execute(
            """
            UPDATE reading_schedule SET failures = failures + 1, begun_at = NULL, due_at = %(due_at)s
            WHERE expert_id = %(expert_id)s AND calendar_id = %(calendar_id)s AND failures = %(failures)s
                AND read_at IS NOT DISTINCT FROM %(read_at)s
            """,
            {
                "expert_id": task.expert_id,
                "calendar_id": task.calendar_id,
                "failures": task.failures,
                "read_at": task.previous and task.previous.read_at,
                "due_at": due_at,
            },
        )

    async def spare(self, account_id: AccountId, *, until: datetime) -> None:
        await self.connection.execute(
            """
            UPDATE reading_schedule SET due_at = %(until)s
            FROM (
                SELECT expert_id, calendar_id
                FROM calendar JOIN reading USING (calendar_id) JOIN reading_schedule USING (expert_id, calendar_id)
                WHERE calendar.account_id = %(account_id)s AND reading_schedule.due_at < %(until)s
                ORDER BY calendar_id
                FOR NO KEY UPDATE OF reading_schedule
            ) AS early
            WHERE reading_schedule.expert_id = early.expert_id AND reading_schedule.calendar_id = early.calendar_id
            """,
            {"account_id": account_id, "until": until},
        )

    async def last_looked(self, expert_id: ExpertId, account_id: AccountId) -> datetime | None:
        cursor = await self.connection.execute(
            """
            SELECT max(read_at) AS read_at FROM reading_schedule
            WHERE expert_id = %(expert_id)s AND account_id = %(account_id)s
            """,
            {"expert_id": expert_id, "account_id": account_id},
        )
        row = await cursor.fetchone()
        return None if row is None else row["read_at"]

    async def mark(self, calendar_id: CalendarId, now: datetime) -> bool:
        cursor = await self.connection.execute(
            """
            UPDATE reading_schedule
            SET marks = nextval('reading_mark'), due_at = least(reading_schedule.due_at, %(now)s)
            FROM reading
            WHERE reading.calendar_id = %(calendar_id)s AND reading_schedule.expert_id = reading.expert_id
                AND reading_schedule.calendar_id = reading.calendar_id
            RETURNING wake_workers('read_calendar', 'readings', '{}')
            """,
            {"calendar_id": calendar_id, "now": now},
        )
        return cursor.rowcount == 1


def _from_row(row: DictRow) -> StoredReading:
    return StoredReading(
        calendar_id=CalendarId(row["calendar_id"]),
        window=Interval(row["window_start"], row["window_end"]),
        read_at=row["true_at"],
        busy=spans_from_value(row["busy"]),
        rule=rule_from_text(row["zone"]),
        deviations=deviations_from_value(row["deviations"]),
    )


def _to_row(reading: StoredReading) -> DictRow:
    return {
        "window_start": reading.window.start,
        "window_end": reading.window.end,
        "read_at": reading.read_at,
        "zone": rule_to_text(reading.rule),
        "busy": spans_to_value(reading.busy),
        "deviations": deviations_to_value(reading.deviations),
    }
