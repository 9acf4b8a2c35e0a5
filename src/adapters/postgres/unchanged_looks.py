"""Ending looks that found what is stored, in PostgreSQL: one statement, and one update in place."""

from dataclasses import dataclass
from typing import Final

from adapters.postgres.errors import translated
from adapters.postgres.own_snapshots import VERSION_OF_ASKED
from adapters.postgres.pool import Pool
from application.ports.unchanged_looks import UnchangedLook

END: Final = (
    """
    WITH asked AS (
        SELECT %(expert_id)s::text AS expert_id, %(window_start)s::timestamptz AS window_start,
            %(window_end)s::timestamptz AS window_end
    ), free AS (
        SELECT expert_id, calendar_id FROM reading_schedule
        WHERE expert_id = %(expert_id)s AND calendar_id = %(calendar_id)s AND marks = %(marks)s
            AND read_at = %(previous)s AND begun_at = %(begun_at)s AND due_at = %(planned)s
        FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE reading_schedule AS schedule
    SET read_at = %(begun_at)s, begun_at = NULL, seen_marks = %(marks)s, failures = 0, due_at = %(due_at)s
    FROM free
    WHERE schedule.expert_id = free.expert_id AND schedule.calendar_id = free.calendar_id
        AND NOT EXISTS (
            SELECT FROM session_mark WHERE expert_id = %(expert_id)s AND mark = ANY (%(foreign)s::text[])
        )
        AND %(own_version)s = (
    """  # noqa: S608 - constants
    + VERSION_OF_ASKED
    + ")"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresUnchangedLooks:
    pool: Pool

    async def end(self, unchanged: UnchangedLook) -> bool:
        look, task = unchanged.look, unchanged.look.task
        assert task.previous is not None
        async with translated(), self.pool.connection() as connection:
            cursor = await connection.execute(
                END,
                {
                    "expert_id": task.expert_id,
                    "calendar_id": task.calendar_id,
                    "marks": task.marks,
                    "previous": task.previous.read_at,
                    "begun_at": look.begun_at,
                    "planned": look.due_at,
                    "due_at": unchanged.due_at,
                    "window_start": unchanged.window.start,
                    "window_end": unchanged.window.end,
                    "own_version": unchanged.own_version,
                    # Marks come from other people's events too and may hold what PostgreSQL takes in no text.
                    "foreign": [one for one in unchanged.foreign if one.isascii() and one.isprintable()],
                },
            )
        return cursor.rowcount == 1
