"""Who went from this cell to another, in PostgreSQL."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from adapters.postgres.pool import Connection
from adapters.postgres.sealing import hash_of
from domain.cell import MovedExpert
from domain.ids import ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresMovedExperts:
    connection: Connection

    async def of(self, expert_ids: Collection[ExpertId]) -> Mapping[ExpertId, MovedExpert]:
        cursor = await self.connection.execute(
            """
            SELECT expert_id, to_cell, moved_at, package IS NULL AS arrived FROM moved_expert
            WHERE expert_id = ANY (%(expert_ids)s)
            """,
            {"expert_ids": list(expert_ids)},
        )
        return {
            ExpertId(row["expert_id"]): MovedExpert(
                expert_id=ExpertId(row["expert_id"]),
                cell=row["to_cell"],
                moved_at=row["moved_at"],
                arrived=row["arrived"],
            )
            async for row in cursor
        }

    async def address_of(self, secret: str) -> str | None:
        cursor = await self.connection.execute(
            """
            SELECT to_url FROM moved_link JOIN moved_expert USING (expert_id)
            WHERE secret_hash = %(secret_hash)s AND package IS NULL
            """,
            {"secret_hash": hash_of(secret)},
        )
        row = await cursor.fetchone()
        return None if row is None else row["to_url"]

    async def forget_before(self, at: datetime, limit: int) -> int:
        await self.connection.execute("DELETE FROM arrived_expert WHERE arrived_at < %(at)s", {"at": at})
        cursor = await self.connection.execute(
            """
            DELETE FROM moved_expert WHERE expert_id IN (
                SELECT expert_id FROM moved_expert WHERE package IS NULL AND moved_at < %(at)s
                ORDER BY moved_at, expert_id LIMIT %(limit)s
                FOR UPDATE SKIP LOCKED
            )
            """,
            {"at": at, "limit": limit},
        )
        return cursor.rowcount
