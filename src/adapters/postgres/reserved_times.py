"""The times given to one only, in PostgreSQL: its exclusion constraint refuses any two that overlap."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import DictRow
from psycopg.types.range import TimestamptzRange

from adapters.postgres.pool import Connection
from application.ports.reserved_times import HoldPosition
from domain.expert import ExpertNotFound
from domain.hold import Hold, HoldNotFound, TimeTaken
from domain.ids import ExpertId, HoldId, SessionId
from domain.interval import Interval
from domain.session import SessionNotFound

MOST_TOLD = 20
"""Of the reservations that are in the way of one."""

HOLDS = """
    SELECT * FROM reserved_time
    WHERE expires_at > %(now)s AND (expires_at, expert_id, hold_id) > (%(after_end)s, %(after_expert)s, %(after_id)s)
    ORDER BY expires_at, expert_id, hold_id
    LIMIT %(limit)s
    """
# An expert has few at a time: they are sorted, and nobody else's are looked at.
HOLDS_OF_EXPERT = """
    WITH of_expert AS MATERIALIZED (
        SELECT * FROM reserved_time WHERE expert_id = %(expert_id)s AND hold_id IS NOT NULL
    )
    SELECT * FROM of_expert
    WHERE expires_at > %(now)s AND (expires_at, expert_id, hold_id) > (%(after_end)s, %(after_expert)s, %(after_id)s)
    ORDER BY expires_at, expert_id, hold_id
    LIMIT %(limit)s
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresReservedTimes:
    connection: Connection

    async def hold(self, hold: Hold, *, needed: Interval | None = None, now: datetime) -> tuple[Hold, ...]:
        if not await self._take_turn(hold.expert_id):
            raise ExpertNotFound
        row = _to_row(hold)
        removed = await self._make_room(row, needed or hold.interval, now)
        await self.connection.execute(
            """
            INSERT INTO reserved_time (expert_id, hold_id, during, expires_at)
            VALUES (%(expert_id)s, %(hold_id)s, %(during)s, %(expires_at)s)
            """,
            row,
        )
        return removed

    async def release(self, expert_id: ExpertId, hold_id: HoldId) -> Hold:
        cursor = await self.connection.execute(
            "DELETE FROM reserved_time WHERE expert_id = %(expert_id)s AND hold_id = %(hold_id)s RETURNING *",
            {"expert_id": expert_id, "hold_id": hold_id},
        )
        row = await cursor.fetchone()
        if row is None:
            raise HoldNotFound
        return _from_row(row)

    async def reserve(
        self,
        expert_id: ExpertId,
        session_id: SessionId,
        interval: Interval,
        *,
        needed: Interval | None = None,
        now: datetime,
    ) -> tuple[Hold, ...]:
        await self._take_turn(expert_id)
        row = {
            "expert_id": expert_id,
            "hold_id": None,
            "session_id": session_id,
            "during": _during(interval),
        }
        cursor = await self.connection.execute(
            "SELECT FROM session WHERE expert_id = %(expert_id)s AND session_id = %(session_id)s", row
        )
        if cursor.rowcount == 0:
            raise SessionNotFound
        removed = await self._make_room(row, needed or interval, now)
        await self.connection.execute(
            """
            INSERT INTO reserved_time (expert_id, session_id, during)
            VALUES (%(expert_id)s, %(session_id)s, %(during)s)
            """,
            row,
        )
        return removed

    async def of_session(self, expert_id: ExpertId, session_id: SessionId) -> Interval | None:
        cursor = await self.connection.execute(
            "SELECT during FROM reserved_time WHERE expert_id = %(expert_id)s AND session_id = %(session_id)s",
            {"expert_id": expert_id, "session_id": session_id},
        )
        row = await cursor.fetchone()
        return None if row is None else Interval(row["during"].lower, row["during"].upper)

    async def give_back(self, expert_id: ExpertId, session_id: SessionId) -> None:
        await self.connection.execute(
            "DELETE FROM reserved_time WHERE expert_id = %(expert_id)s AND session_id = %(session_id)s",
            {"expert_id": expert_id, "session_id": session_id},
        )

    async def holds(
        self, of: ExpertId | None, *, after: HoldPosition | None, now: datetime, limit: int
    ) -> tuple[Hold, ...]:
        begin = after or HoldPosition(now, ExpertId(""), HoldId(""))
        cursor = await self.connection.execute(
            HOLDS if of is None else HOLDS_OF_EXPERT,
            {
                "expert_id": of,
                "now": now,
                "after_end": begin.expires_at,
                "after_expert": begin.expert_id,
                "after_id": begin.hold_id,
                "limit": limit,
            },
        )
        return tuple([_from_row(row) async for row in cursor])

    async def remove_expired(self, now: datetime, limit: int) -> tuple[Hold, ...]:
        async with removing_expired(self.connection):
            # What a booking is dealing with is skipped: two who remove the same holds in other orders wait for each
            # other.
            cursor = await self.connection.execute(
                """
                DELETE FROM reserved_time
                WHERE ctid = ANY (ARRAY(
                    SELECT ctid FROM reserved_time WHERE expires_at <= %(now)s
                    ORDER BY expires_at
                    LIMIT %(limit)s
                    FOR UPDATE SKIP LOCKED
                ))
                RETURNING *
                """,
                {"now": now, "limit": limit},
            )
        return tuple(sorted([_from_row(row) async for row in cursor], key=lambda one: one.expires_at))

    async def _take_turn(self, expert_id: ExpertId) -> bool:
        """Take the expert's lock: two that only met at the constraint could wait for each other. False: no expert."""
        cursor = await self.connection.execute(
            "SELECT FROM expert WHERE expert_id = %(expert_id)s FOR NO KEY UPDATE", {"expert_id": expert_id}
        )
        return cursor.rowcount == 1

    async def _make_room(self, row: DictRow, needed: Interval, now: datetime) -> tuple[Hold, ...]:
        """Drop the expired holds in the way, and the row to be replaced; returns the former.

        Raises TimeTaken for anything else in all that is needed.
        """
        cursor = await self.connection.execute(
            """
            SELECT hold_id, session_id FROM reserved_time
            WHERE expert_id = %(expert_id)s AND during && %(needed)s
                AND (hold_id, session_id) IS DISTINCT FROM (%(hold_id)s::text, %(session_id)s::text)
                AND (expires_at IS NULL OR expires_at > %(now)s)
            ORDER BY during
            LIMIT %(told)s
            """,
            row | {"needed": _during(needed), "now": now, "told": MOST_TOLD},
        )
        if taken := await cursor.fetchall():
            raise TimeTaken(
                sessions=tuple(
                    SessionId(one["session_id"]) for one in taken if one["session_id"] is not None
                ),
                holds=tuple(HoldId(one["hold_id"]) for one in taken if one["hold_id"] is not None),
            )
        cursor = await self.connection.execute(
            """
            DELETE FROM reserved_time
            WHERE expert_id = %(expert_id)s
                AND (during && %(during)s OR hold_id = %(hold_id)s OR session_id = %(session_id)s)
            RETURNING *
            """,
            row,
        )
        others = [one async for one in cursor if one["hold_id"] not in {None, row["hold_id"]}]
        return tuple(sorted(map(_from_row, others), key=lambda one: one.hold_id))


@asynccontextmanager
async def removing_expired(connection: Connection) -> AsyncIterator[None]:
    """Says to the triggers that what is removed in the block changes no answer, for the clock has changed it before."""
    await connection.execute("SELECT set_config('calendarsync.removes_expired', 'on', true)")
    yield
    await connection.execute("SELECT set_config('calendarsync.removes_expired', 'off', true)")


def _from_row(row: DictRow) -> Hold:
    return Hold(
        expert_id=ExpertId(row["expert_id"]),
        hold_id=HoldId(row["hold_id"]),
        interval=Interval(row["during"].lower, row["during"].upper),
        expires_at=row["expires_at"],
    )


def _to_row(hold: Hold) -> DictRow:
    return {
        "expert_id": hold.expert_id,
        "hold_id": hold.hold_id,
        "session_id": None,
        "during": _during(hold.interval),
        "expires_at": hold.expires_at,
    }


def _during(interval: Interval) -> TimestamptzRange:
    return TimestamptzRange(interval.start, interval.end, "[)")
