"""What is asked of a cell before anybody is moved there or away."""

from datetime import datetime

from adapters.postgres.migrate import needed_version
from adapters.postgres.pool import Connection
from application.ports.moving import CellFacts, MoveRefused

FACTS = """
    SELECT name, public_url, clock_timestamp() AS time, (SELECT max(version) FROM schema_migration) AS schema_version
    FROM cell
    """


async def facts_of(connection: Connection) -> CellFacts:
    """Raises MoveRefused in a cell that may have more of an expert than this program knows of."""
    cursor = await connection.execute(FACTS)
    row = await cursor.fetchone()
    assert row is not None
    if row["schema_version"] > needed_version():
        raise MoveRefused(
            f"the cell {row['name']} has schema {row['schema_version']}, which is newer than this program: take the "
            "version that made it"
        )
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
