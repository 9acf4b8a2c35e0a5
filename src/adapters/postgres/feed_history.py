"""Whose transaction numbers are in the feed: it is restarted where they would mean nothing.

The numbers are valid in one database of one cluster. A dump takes them along into another; a replica that takes over
without having received the end assigns some of them again.
"""

import secrets

from psycopg.errors import InsufficientPrivilege

from adapters.postgres.cells import DEFAULT_CELL
from adapters.postgres.feed_pages import end_of_feed
from adapters.postgres.pool import Connection
from domain.change import FeedPosition


async def own_end_of_feed(connection: Connection, *, seen: FeedPosition | None = None) -> FeedPosition:
    """The end of the feed, restarted first if it isn't this database's or doesn't continue what was seen.

    Any number of processes may find so at once: it happens once.
    """
    here = await whereabouts(connection)
    cursor = await connection.execute("SELECT history, database FROM change_feed")
    row = await cursor.fetchone()
    assert row is not None
    if row["database"] != here:
        await _start_anew(connection, instead_of=row["history"], here=here)
    end = await end_of_feed(connection)
    if seen is not None and seen.history == end.history and seen > end:
        await _start_anew(connection, instead_of=end.history, here=here)
        end = await end_of_feed(connection)
    return end


async def whereabouts(connection: Connection) -> str:
    """The cluster, the database and, unless it is the default one, the cell.

    A replica that takes over keeps the cluster's identifier, and a schema that was copied has another name.

    PostgreSQL lets every role ask for it; where somebody has forbidden that, the database's number has to do.
    """
    try:
        cursor = await connection.execute("SELECT system_identifier::text AS name FROM pg_control_system()")
    except InsufficientPrivilege:
        cursor = await connection.execute("SELECT 'unknown' AS name")
    cluster = await cursor.fetchone()
    cursor = await connection.execute(
        "SELECT oid::text AS name, current_schema() AS cell FROM pg_database WHERE datname = current_database()"
    )
    database = await cursor.fetchone()
    assert cluster is not None
    assert database is not None
    here = f"{cluster['name']}/{database['name']}"
    return here if database["cell"] == DEFAULT_CELL else f"{here}/{database['cell']}"


async def _start_anew(connection: Connection, *, instead_of: int, here: str) -> None:
    async with connection.transaction():
        # Others who write changes wait behind this one: not for long, should a dump of the database be under way.
        await connection.execute("SET LOCAL lock_timeout = '5s'")
        # Before the row, as who removes old changes takes it first: two locks in one order.
        await connection.execute("LOCK TABLE change")
        cursor = await connection.execute(
            """
            UPDATE change_feed
            SET database = %(here)s, history = %(history)s, removed_transaction = '0', removed_number = 0
            WHERE history = %(instead_of)s
            """,
            {"here": here, "history": secrets.randbits(63), "instead_of": instead_of},
        )
        if cursor.rowcount:
            await connection.execute("TRUNCATE change")
