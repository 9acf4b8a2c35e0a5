"""The processes that run jobs, in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime

from adapters.postgres.pool import Connection
from application.ports.workers import MOST_DEATHS, Freed
from domain.ids import ExpertId, IncidentId, SessionId, WorkerId

# What is claimed is due, and there are indexes of what is due. Sessions are locked in the order in which everybody
# locks several of an expert.
FREE_SESSIONS = """
    WITH its AS (
        SELECT expert_id, session_id FROM session
        WHERE due_at <= %(now)s AND split_part(claimed_by, '.', 1) = %(worker_id)s
        ORDER BY expert_id, starts_at, session_id
        FOR NO KEY UPDATE
    )
    UPDATE session SET deaths = deaths + %(died)s,
        claimed_by = CASE WHEN %(died)s = 1 AND deaths + 1 >= %(most)s THEN claimed_by END,
        claimed_until = CASE WHEN %(died)s = 1 AND deaths + 1 >= %(most)s THEN %(until)s::timestamptz END
    FROM its WHERE session.expert_id = its.expert_id AND session.session_id = its.session_id
    RETURNING session.expert_id, session.session_id, claimed_by IS NULL AS free
    """
FREE_INCIDENTS = """
    UPDATE incident SET deaths = deaths + %(died)s,
        claimed_by = CASE WHEN %(died)s = 1 AND deaths + 1 >= %(most)s THEN claimed_by END,
        claimed_until = CASE WHEN %(died)s = 1 AND deaths + 1 >= %(most)s THEN %(until)s::timestamptz END
    WHERE closed_at IS NULL AND mail_due_at <= %(now)s AND split_part(claimed_by, '.', 1) = %(worker_id)s
    RETURNING incident_id, claimed_by IS NULL AS free
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresWorkers:
    connection: Connection

    async def show_life(self, worker_id: WorkerId, now: datetime) -> datetime | None:
        cursor = await self.connection.execute(
            "SELECT seen_at FROM worker WHERE worker_id = %(worker_id)s", {"worker_id": worker_id}
        )
        before = await cursor.fetchone()
        await self.connection.execute(
            """
            INSERT INTO worker (worker_id, seen_at, claims_rows) VALUES (%(worker_id)s, %(now)s, true)
            ON CONFLICT (worker_id) DO UPDATE SET seen_at = excluded.seen_at
            """,
            {"worker_id": worker_id, "now": now},
        )
        return None if before is None else before["seen_at"]

    async def silent(self, before: datetime) -> tuple[WorkerId, ...]:
        cursor = await self.connection.execute(
            "SELECT worker_id FROM worker WHERE seen_at < %(before)s ORDER BY worker_id", {"before": before}
        )
        return tuple([WorkerId(row["worker_id"]) async for row in cursor])

    async def forget(self, worker_id: WorkerId, now: datetime, *, aside_until: datetime | None) -> Freed:
        its = {
            "worker_id": worker_id,
            "now": now,
            "died": int(aside_until is not None),
            "most": MOST_DEATHS,
            "until": aside_until,
        }
        removed = await self.connection.execute("DELETE FROM worker WHERE worker_id = %(worker_id)s", its)
        if removed.rowcount == 0:
            return Freed()
        sessions = await (await self.connection.execute(FREE_SESSIONS, its)).fetchall()
        incidents = await (await self.connection.execute(FREE_INCIDENTS, its)).fetchall()
        return Freed(
            sessions=tuple(
                (ExpertId(row["expert_id"]), SessionId(row["session_id"])) for row in sessions if row["free"]
            ),
            incidents=tuple(IncidentId(row["incident_id"]) for row in incidents if row["free"]),
            set_aside=sum(not row["free"] for row in (*sessions, *incidents)),
        )
