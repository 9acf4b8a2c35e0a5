"""A cell's schema, found or made before it is brought up to date, and never somebody else's."""

from __future__ import annotations

import logging
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection, sql

from adapters.postgres.cells import DEFAULT_CELL, DEFAULT_LOCK, SHARED_SCHEMA, lock_key, search_path
from adapters.postgres.errors import translated
from adapters.postgres.pool import Pool

CELLS: Final = """
    SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relname IN ('schema_migration', 'change_feed') AND relkind = 'r'
    GROUP BY nspname HAVING count(*) = 2
    ORDER BY nspname
    """
"""Also those that have no name yet, since they were made before there were cells."""
OPEN_TO_ALL: Final = "SELECT has_schema_privilege('public', %(schema)s, 'CREATE')"
_log = logging.getLogger(__name__)


class CellRefused(RuntimeError):
    """The schema is not the cell's; the text says why."""


async def open_cell(connection: AsyncConnection, cell: str, *, beside_others: bool) -> None:
    """Set the connection's search path to the cell, made where it was missing, and hold the lock of who migrates it.

    Raises CellRefused when the schema is another cell's, and, unless `beside_others`, when the cell would be a new one
    in a database that has others: whoever leads a process to the wrong database would serve an empty cell there.
    """
    # What is the whole database's is done under the lock that the default cell is migrated under, also by processes
    # that know of no cells.
    await _lock(connection, DEFAULT_LOCK)
    cells = {name for (name,) in await _rows(connection, CELLS)}
    if cell not in cells:
        await _require_place(connection, cell, cells, beside_others=beside_others)
        await _make(connection, cell)
    await connection.execute("SELECT set_config('search_path', %(path)s, false)", {"path": search_path(cell)})
    await _require_own(connection, cell)
    if cell != DEFAULT_CELL:
        await _lock(connection, lock_key(cell))
        await connection.execute("SELECT pg_advisory_unlock(%(key)s)", {"key": DEFAULT_LOCK})
    if await _rows(connection, OPEN_TO_ALL, schema=cell) == [(True,)]:
        _log.warning(
            "everybody may create objects in the schema of the cell, and stand in for ours: "
            "REVOKE CREATE ON SCHEMA %s FROM PUBLIC",
            cell,
        )


async def tell_address(pool: Pool, public_url: str) -> None:
    """For the cells from which experts come: their links lead on to here. Raises StoreUnavailable."""
    async with translated(), pool.connection() as connection:
        await connection.execute(
            "UPDATE cell SET public_url = %(public_url)s WHERE public_url IS DISTINCT FROM %(public_url)s",
            {"public_url": public_url},
        )


async def _require_place(
    connection: AsyncConnection, cell: str, cells: set[str], *, beside_others: bool
) -> None:
    """Raises CellRefused."""
    if cell == DEFAULT_CELL and (theirs := await _used_before(connection)) in cells:
        raise CellRefused(
            f"the user's search path leads to the schema {theirs}, which is in use: set CALENDARSYNC_CELL to its name"
        )
    if cells and not beside_others:
        raise CellRefused(
            f"there is no cell {cell} in this database, which has {', '.join(sorted(cells))}: `calendarsync migrate` "
            "makes it, if it is meant to be here"
        )


async def _used_before(connection: AsyncConnection) -> str | None:
    """The schema that processes which know of no cells use, by the user's own search path."""
    found = await _rows(
        connection,
        "SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
        "WHERE pg_class.oid = to_regclass('schema_migration')",
    )
    return str(found[0][0]) if found else None


async def _make(connection: AsyncConnection, cell: str) -> None:
    """Raises CellRefused."""
    shared = DEFAULT_CELL if cell == DEFAULT_CELL else SHARED_SCHEMA
    try:
        await _make_schema(connection, cell)
        if not await _rows(connection, "SELECT FROM pg_extension WHERE extname = 'btree_gist'"):
            await _make_schema(connection, shared)
            await connection.execute(
                sql.SQL("CREATE EXTENSION btree_gist WITH SCHEMA {}").format(sql.Identifier(shared))
            )
    except psycopg.errors.InsufficientPrivilege as error:
        raise CellRefused(f"the user may not make the cell {cell}: {error.diag.message_primary}") from error


async def _make_schema(connection: AsyncConnection, name: str) -> None:
    # Asked first: also where it is there, making it takes the right to make schemas.
    if not await _rows(connection, "SELECT FROM pg_namespace WHERE nspname = %(name)s", name=name):
        await connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))


async def _require_own(connection: AsyncConnection, cell: str) -> None:
    """Raises CellRefused."""
    if await _rows(connection, "SELECT current_schema()") != [(cell,)]:
        raise CellRefused(f"the user may not use the schema {cell}")
    if await _rows(connection, "SELECT to_regclass('cell') IS NULL") == [(True,)]:
        return  # as the migration has not been applied that names it
    named = await _rows(connection, "SELECT name FROM cell")
    if named != [(cell,)]:
        names = ", ".join(str(name) for (name,) in named)
        raise CellRefused(
            f"the schema {cell} says that it is the cell {names}: it is a copy, or was renamed; if it is meant to be "
            f"{cell}, say so in its table cell"
        )


async def _lock(connection: AsyncConnection, key: int) -> None:
    await connection.execute("SELECT pg_advisory_lock(%(key)s)", {"key": key})


async def _rows(connection: AsyncConnection, query: str, **arguments: object) -> list[tuple[Any, ...]]:
    cursor = await connection.execute(query.encode(), arguments)
    return await cursor.fetchall()
