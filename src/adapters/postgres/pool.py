"""The connections to PostgreSQL that units of work share."""

import select
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
from psycopg import AsyncConnection, AsyncCursor, IsolationLevel, sql
from psycopg.rows import DictRow, dict_row, tuple_row
from psycopg_pool import AsyncConnectionPool

from adapters.postgres.cells import DEFAULT_CELL, channel, search_path
from adapters.postgres.errors import translated
from adapters.postgres.pool_log import quiet_pool_log

Connection = AsyncConnection[DictRow]
Pool = AsyncConnectionPool[Connection]

STATEMENT_TIMEOUT = timedelta(seconds=10)
IDLE_IN_TRANSACTION_TIMEOUT = timedelta(seconds=30)
"""No transaction waits for anything but the database, so one that idles has lost its process."""
CONNECT_TIMEOUT = timedelta(seconds=5)
SESSION_SETTINGS: Mapping[str, str] = {
    "timezone": "UTC",
    "idle_session_timeout": "0",
    "statement_timeout": f"{STATEMENT_TIMEOUT // timedelta(milliseconds=1)}ms",
    "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_TIMEOUT // timedelta(milliseconds=1)}ms",
}
"""What an administrator has set for transactions stays; connections that wait for work are idle for good reason."""
PLANNED_ONCE: Mapping[str, str] = {"plan_cache_mode": "force_generic_plan"}
"""One plan for all arguments: planning for those at hand takes longer than a small statement."""


@asynccontextmanager
async def open_pool(
    dsn: str,
    *,
    min_size: int = 2,
    max_size: int = 10,
    patience: timedelta = timedelta(seconds=10),
    plan_once: bool = False,
    cursor_factory: type[AsyncCursor[DictRow]] = AsyncCursor,
    cell: str = DEFAULT_CELL,
) -> AsyncIterator[Pool]:
    """Connections to a cell of the database of `dsn`, at least `min_size` of them open, all closed in the end.

    A connection that broke is replaced when it is next asked for. Raises StoreUnavailable when none can be had within
    `patience`, at the start and later. With `plan_once`, statements that are prepared get one plan for all arguments.
    """
    quiet_pool_log()
    pool: Pool = AsyncConnectionPool(
        dsn,
        connection_class=AsyncConnection[DictRow],
        kwargs={
            "row_factory": dict_row,
            "cursor_factory": cursor_factory,
            "application_name": "calendarsync",
            "connect_timeout": int(CONNECT_TIMEOUT.total_seconds()),
        },
        min_size=min_size,
        max_size=max_size,
        timeout=patience.total_seconds(),
        configure=partial(
            _configure, cell=cell, settings={**SESSION_SETTINGS, **(PLANNED_ONCE if plan_once else {})}
        ),
        check=_check,
        open=False,
        name="calendarsync",
    )
    async with translated():
        await pool.open(wait=True, timeout=patience.total_seconds())
    try:
        yield pool
    finally:
        await pool.close()


async def _check(connection: Connection) -> None:
    """Asks the server only when something has come from it unasked, such as its farewell.

    A question costs as much as a query, and most connections are well.
    """
    arrived = select.poll()
    arrived.register(connection.fileno(), select.POLLIN)
    if arrived.poll(0):
        await AsyncConnectionPool.check_connection(connection)


async def _configure(connection: Connection, *, cell: str, settings: Mapping[str, str]) -> None:
    """For units of work: what is no transaction of theirs commits by itself."""
    await connection.set_autocommit(True)
    # Whoever waited for a lock must see what its holder wrote.
    await connection.set_isolation_level(IsolationLevel.READ_COMMITTED)
    try:
        await set_up(connection, cell, settings)
    except psycopg.Error:
        await connection.close()  # the pool makes another one, and forgets this
        raise


async def set_up(connection: AsyncConnection[Any], cell: str, settings: Mapping[str, str]) -> None:
    """Set the session's settings, and the cell; not as options of the connection, which proxies refuse.

    Raises psycopg.OperationalError where a standby answers, which may be behind, and where the cell is not.
    """
    await connection.execute(
        "SELECT set_config(name, value, false) FROM unnest(%(names)s::text[], %(values)s::text[]) AS one (name, value)",
        {"names": ["search_path", *settings], "values": [search_path(cell), *settings.values()]},
    )
    cursor = connection.cursor(row_factory=tuple_row)
    await cursor.execute("SELECT pg_is_in_recovery(), current_schema()")
    found = await cursor.fetchone()
    assert found is not None
    standby, schema = found
    require_right_place(standby, schema, cell)


def require_right_place(standby: bool, schema: str | None, cell: str) -> None:
    """`schema` is the first of the search path that is there and may be used. Raises psycopg.OperationalError."""
    if standby:
        raise psycopg.OperationalError("the server is a standby")
    if schema != cell:
        raise psycopg.OperationalError("there is no schema of the cell")


@asynccontextmanager
async def listening(dsn: str, *channels: str, cell: str, name: str) -> AsyncIterator[Connection]:
    """A connection of its own for whoever listens to these channels of the cell, which commits by itself.

    Raises psycopg.Error.
    """
    async with await AsyncConnection[DictRow].connect(
        dsn,
        autocommit=True,
        row_factory=dict_row,
        application_name=f"calendarsync {name}",
        connect_timeout=int(CONNECT_TIMEOUT.total_seconds()),
    ) as connection:
        # Where nothing happens it hears nothing, and must not be ended for that.
        await set_up(connection, cell, {"idle_session_timeout": "0"})
        for one in channels:
            await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel(one, cell))))
        yield connection
