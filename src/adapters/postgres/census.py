"""What the database says of the service itself."""

from dataclasses import dataclass

from psycopg.errors import UndefinedTable

from adapters.postgres.errors import translated
from adapters.postgres.pool import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresCensus:
    pool: Pool

    async def schema_version(self) -> str:
        try:
            async with translated(), self.pool.connection() as connection:
                cursor = await connection.execute("SELECT max(version) AS version FROM schema_migration")
                row = await cursor.fetchone()
        except UndefinedTable:
            return ""
        return (row and row["version"]) or ""
