"""How many rows are sealed with which key: every row is looked at, one table after the other."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from psycopg import sql
from psycopg.errors import QueryCanceled
from psycopg.rows import tuple_row

from adapters.postgres.keys.sealed_tables import SEALED, SealedTable
from adapters.postgres.pool import Connection

Counts = Mapping[str, Mapping[str, int]]
"""By table, then by the id of the key. A row with two values counts for the key of each."""
NOT_SEALED: Final = ""
"""In the place of an id, for values that were never sealed."""


class TooManyToCount(Exception):
    """Not all could be counted in the time there was."""


async def count_keys(connection: Connection, *, within: timedelta) -> Counts:
    """`within` is for each table. Raises TooManyToCount."""
    try:
        return {table.name: await _of_table(connection, table, within) for table in SEALED}
    except QueryCanceled as canceled:
        raise TooManyToCount from canceled


def rows_by_key(counts: Counts) -> Mapping[str, int]:
    """Of all tables together."""
    total: Counter[str] = Counter()
    for one in counts.values():
        total.update(one)
    return total


async def _of_table(connection: Connection, table: SealedTable, within: timedelta) -> Mapping[str, int]:
    keys = [_key_of(column) for column in table.columns]
    query = sql.SQL("SELECT {keys}, count(*) FROM {table} GROUP BY {keys}").format(
        keys=sql.SQL(", ").join(keys), table=sql.Identifier(table.name)
    )
    counted: Counter[str] = Counter()
    async with connection.transaction(), connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(
            "SELECT set_config('statement_timeout', %(limit)s, true)",
            {"limit": f"{within // timedelta(milliseconds=1)}ms"},
        )
        await cursor.execute(query)
        async for *found, rows in cursor:
            for key_id in {one for one in found if one is not None}:
                counted[key_id] += rows
    return counted


def _key_of(column: str) -> sql.Composed:
    return sql.SQL(
        "CASE WHEN {column} IS NOT NULL THEN coalesce(sealing_key({column}), {nothing}) END"
    ).format(column=sql.Identifier(column), nothing=sql.Literal(NOT_SEALED))
