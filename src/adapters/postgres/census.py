"""What the database says of the service itself. Asked by every process, again and again: so nothing here may grow.

What is due is counted along the indexes by which workers find it, and only as far as MOST_COUNTED. Readings are in no
index by their age, since one would cost each look at a calendar more than the look; they are sampled by pages.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.errors import UndefinedTable

from adapters.postgres.errors import translated
from adapters.postgres.pool import Pool
from adapters.postgres.work_kinds import (
    END_SUBSCRIPTION,
    KEEP_SUBSCRIPTION,
    NOTIFY_EXPERT,
    READ_CALENDAR,
    REFRESH_CALENDARS,
    WRITE_SESSION,
)
from application.ports.census import MOST_COUNTED, DueWork, StoredReadings, WorkToDo

MOST_PAGES: Final = 1_000
"""Of a table that is sampled: 8 MB, with some 40,000 readings. A table with fewer pages is counted as a whole."""
QUANTILES: Final = (0.5, 0.9, 0.99, 1.0)
PATIENCE: Final = timedelta(seconds=2)

_DUE: Final = {
    WRITE_SESSION: "SELECT due_at FROM session WHERE due_at <= %(now)s ORDER BY due_at",
    NOTIFY_EXPERT: """
        SELECT mail_due_at FROM incident WHERE closed_at IS NULL AND mail_due_at <= %(now)s ORDER BY mail_due_at
        """,
    READ_CALENDAR: "SELECT due_at FROM reading_schedule WHERE readable AND due_at <= %(now)s ORDER BY due_at",
    KEEP_SUBSCRIPTION: "SELECT due_at FROM subscription WHERE readable AND due_at <= %(now)s ORDER BY due_at",
    END_SUBSCRIPTION: "SELECT due_at FROM ended_subscription WHERE due_at <= %(now)s ORDER BY due_at",
    REFRESH_CALENDARS: """
        SELECT list_due_at FROM account WHERE status = 'ACTIVE' AND list_due_at <= %(now)s ORDER BY list_due_at
        """,
}
# What is due from the beginning has the epoch, which would be told as work that is late for half a century.
DUE_WORK: Final = " UNION ALL ".join(
    f"""
    SELECT '{kind.name}' AS kind, count(*) AS rows, min(due_at) FILTER (WHERE due_at > 'epoch') AS oldest
    FROM ({due} LIMIT %(most)s) AS due (due_at)
    """  # noqa: S608 - constants
    for kind, due in _DUE.items()
)
WORKERS: Final = "SELECT count(*) FROM worker WHERE seen_at > %(alive_since)s"
SESSIONS: Final = """
    SELECT status, coalesce(hindrance, '') AS hindrance, count(*) FROM (
        (SELECT status, NULL AS hindrance FROM session WHERE status = 'PENDING' AND due_at IS NOT NULL LIMIT %(most)s)
        UNION ALL
        (SELECT status, hindrance FROM session WHERE status = 'WAITING' LIMIT %(most)s)
    ) AS unwritten
    GROUP BY status, hindrance
    """
INCIDENTS: Final = """
    SELECT cause, count(*) FROM (SELECT cause FROM incident WHERE closed_at IS NULL LIMIT %(most)s) AS still_open
    GROUP BY cause
    """
HOLDS: Final = """
    SELECT count(*) FROM (
        SELECT FROM reserved_time WHERE expires_at IS NOT NULL AND expires_at > %(now)s LIMIT %(most)s
    ) AS standing
    """
_SHARE: Final = """
    least(%(pages)s::float8 / greatest(pg_relation_size('{}') / current_setting('block_size')::int, 1), 1)
    """
READINGS: Final = f"""
    WITH sampled AS MATERIALIZED (
        SELECT extract(epoch FROM %(now)s - read_at)::float8 AS age
        FROM reading_schedule TABLESAMPLE SYSTEM (100 * ({_SHARE.format("reading_schedule")})) WHERE readable
    )
    SELECT {_SHARE.format("reading_schedule")} AS share, count(*) AS calendars,
        count(*) FILTER (WHERE age IS NULL) AS unread, count(*) FILTER (WHERE age > %(bound)s) AS too_old,
        percentile_disc(%(quantiles)s::float8[]) WITHIN GROUP (ORDER BY age) AS ages
    FROM sampled
    """  # noqa: S608 - constants
SUBSCRIPTIONS: Final = f"""
    SELECT {_SHARE.format("subscription")} AS share, count(*) AS live
    FROM subscription TABLESAMPLE SYSTEM (100 * ({_SHARE.format("subscription")})) WHERE expires_at > %(now)s
    """  # noqa: S608 - constants


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresCensus:
    pool: Pool

    async def schema_version(self) -> str:
        try:
            (row,) = await self._rows("SELECT max(version) AS version FROM schema_migration")
        except UndefinedTable:
            return ""
        return row["version"] or ""

    async def work(self, now: datetime, *, alive_within: timedelta) -> WorkToDo:
        asked = {"now": now, "most": MOST_COUNTED}
        due = await self._rows(DUE_WORK, **asked)
        (workers,) = await self._rows(WORKERS, alive_since=now - alive_within)
        sessions = await self._rows(SESSIONS, **asked)
        incidents = await self._rows(INCIDENTS, **asked)
        (holds,) = await self._rows(HOLDS, **asked)
        return WorkToDo(
            due=tuple(
                DueWork(kind=one["kind"], rows=one["rows"], oldest_due_at=one["oldest"]) for one in due
            ),
            workers=workers["count"],
            sessions={(one["status"], one["hindrance"]): one["count"] for one in sessions},
            incidents={one["cause"]: one["count"] for one in incidents},
            holds=holds["count"],
        )

    async def readings(self, now: datetime, *, bound: timedelta) -> StoredReadings:
        sampling = {"now": now, "pages": MOST_PAGES}
        (found,) = await self._rows(
            READINGS, bound=bound.total_seconds(), quantiles=list(QUANTILES), **sampling
        )
        (live,) = await self._rows(SUBSCRIPTIONS, **sampling)
        ages = found["ages"] or []
        return StoredReadings(
            calendars=round(found["calendars"] / found["share"]),
            unread=round(found["unread"] / found["share"]),
            too_old=round(found["too_old"] / found["share"]),
            ages={
                quantile: age for quantile, age in zip(QUANTILES, ages, strict=bool(ages)) if age is not None
            },
            subscriptions=round(live["live"] / live["share"]),
        )

    async def _rows(self, query: str, **arguments: Any) -> list[dict[str, Any]]:
        """Each question by itself, on a connection that is given back at once: units of work need it, too."""
        async with translated(), self.pool.connection() as connection, connection.transaction():
            await connection.execute(
                "SELECT set_config('statement_timeout', %(limit)s, true)",
                {"limit": f"{PATIENCE // timedelta(milliseconds=1)}ms"},
            )
            return await (await connection.execute(query.encode(), arguments)).fetchall()
