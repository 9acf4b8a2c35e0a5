"""The connections to PostgreSQL that units of work share."""

import select
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from psycopg import AsyncConnection, AsyncCursor, IsolationLevel
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

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
) -> AsyncIterator[Pool]:
    """Connections to `dsn`, at least `min_size` of them open, all closed in the end.

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
        configure=_configure_planning_once if plan_once else _configure,
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


async def _configure(connection: Connection) -> None:
    """For units of work: what is no transaction of theirs commits by itself."""
    await connection.set_autocommit(True)
    # Whoever waited for a lock must see what its holder wrote.
    await connection.set_isolation_level(IsolationLevel.READ_COMMITTED)
    await _set(connection, SESSION_SETTINGS)


async def _configure_planning_once(connection: Connection) -> None:
    await _configure(connection)
    await _set(connection, PLANNED_ONCE)


async def _set(connection: Connection, settings: Mapping[str, str]) -> None:
    await connection.execute(
        "SELECT set_config(name, value, false) FROM unnest(%(names)s::text[], %(values)s::text[]) AS one (name, value)",
        {"names": list(settings), "values": list(settings.values())},
    )
