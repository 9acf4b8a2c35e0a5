"""What is asked of a cell before anybody is moved there or away."""

from datetime import datetime

from adapters.postgres.pool import Connection
from application.ports.moving import CellFacts

FACTS = """
    SELECT name, public_url, clock_timestamp() AS time, (SELECT max(version) FROM schema_migration) AS schema_version
    FROM cell
    """


async def facts_of(connection: Connection) -> CellFacts:
    cursor = await connection.execute(FACTS)
    row = await cursor.fetchone()
    assert row is not None
    return CellFacts(
        name=row["name"], schema_version=row["schema_version"], time=row["time"], public_url=row["public_url"]
    )


async def now_of(connection: Connection) -> datetime:
    """When the connection's transaction began, by the database's clock."""
    cursor = await connection.execute("SELECT now() AS now")
    row = await cursor.fetchone()
    assert row is not None
    now: datetime = row["now"]
    return now
