"""Sealing anew, with the first key of the ring, what older keys sealed, while everybody else goes on.

What is done is in the rows themselves: a run that was killed is simply begun again. Rows are read without a lock,
sealed anew outside of any transaction, and replaced where they are still what was read, a few at a time. A row that
somebody holds is passed over and never waited for; the next pass finds it. Nothing else of a row is touched, so that
no trigger fires, nobody is woken, and no version is renewed.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from psycopg import sql

from adapters.postgres.errors import translated
from adapters.postgres.keys.ring import Ring
from adapters.postgres.keys.sealed_tables import SEALED, SealedTable
from adapters.postgres.pool import Pool
from application.ports.cipher import SealBroken, UnknownKey

LOOKED_AT: Final = 2_000
"""Rows whose keys one statement goes through."""
REPLACED: Final = 100
"""Rows that one transaction writes."""
REST: Final = 1.0
"""How long to pause after each step, by its own length: at most one half of a connection is taken."""
LONGEST_REST: Final = timedelta(seconds=1)
MOST_PASSES: Final = 20
BETWEEN_PASSES: Final = timedelta(seconds=1)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of some rows of a table.

    `missed` were held or changed by somebody else at that moment; `unreadable` open with no key of the ring. `turn`
    counts how often the tables were gone over before.
    """

    table: str
    turn: int
    resealed: int = 0
    missed: int = 0
    unreadable: int = 0


class Rotation:
    """`pace` is a factor on the pauses."""

    def __init__(self, pool: Pool, ring: Ring, *, pace: float = 1.0) -> None:
        self._pool = pool
        self._ring = ring
        self._head = ring.head
        self._pace = pace

    async def run(self) -> AsyncIterator[Step]:
        """Goes over all tables until a pass has missed nothing. Raises StoreUnavailable."""
        for turn in range(MOST_PASSES):
            if turn:
                await asyncio.sleep(BETWEEN_PASSES.total_seconds() * self._pace)
            missed = 0
            for table in SEALED:
                async for step in self._pass_over(table, turn):
                    missed += step.missed
                    yield step
            if not missed:
                return

    async def _pass_over(self, table: SealedTable, turn: int) -> AsyncIterator[Step]:
        after: Row | None = None
        while True:
            begun = time.monotonic()
            rows, after = await self._look(table, after)
            if rows:
                yield await self._reseal(table, turn, rows)
            if after is None:
                return
            pause = min((time.monotonic() - begun) * REST, LONGEST_REST.total_seconds())
            await asyncio.sleep(pause * self._pace)

    async def _look(self, table: SealedTable, after: Row | None) -> tuple[list[Row], Row | None]:
        """Rows to be sealed anew, and the place where to go on: None behind the last row."""
        key = _names(table.key)
        beyond: sql.Composable = sql.SQL("true")
        if after is not None:
            beyond = sql.SQL("({}) > ({})").format(key, _values(table.key))
        look = sql.SQL(
            "SELECT {key} FROM {table} WHERE {beyond} ORDER BY {key} OFFSET {most} LIMIT 1"
        ).format(key=key, table=sql.Identifier(table.name), beyond=beyond, most=LOOKED_AT - 1)
        async with translated(), self._pool.connection() as connection:
            last = await (await connection.execute(look, after)).fetchone()
            until: sql.Composable = sql.SQL("true")
            if last is not None:
                until = sql.SQL("({}) <= ({})").format(key, _values(table.key, "last_"))
            found = sql.SQL(
                """
                SELECT {key}, {columns} FROM {table}
                WHERE {beyond} AND {until} AND ({stale})
                ORDER BY {key}
                LIMIT {most}
                """
            ).format(
                key=key,
                columns=_names(table.columns),
                table=sql.Identifier(table.name),
                beyond=beyond,
                until=until,
                stale=self._stale(table),
                most=REPLACED,
            )
            bounds = (after or {}) | {f"last_{name}": value for name, value in (last or {}).items()}
            cursor = await connection.execute(found, bounds)
            rows = await cursor.fetchall()
        if len(rows) == REPLACED:
            return rows, {name: rows[-1][name] for name in table.key}
        return rows, last

    def _stale(self, table: SealedTable) -> sql.Composed:
        """Begins otherwise than what the first key seals; nulls do not."""
        return sql.SQL(" OR ").join(
            sql.SQL("substring({} FROM 1 FOR {}) <> {}").format(
                sql.Identifier(column), len(self._head), sql.Literal(self._head)
            )
            for column in table.columns
        )

    async def _reseal(self, table: SealedTable, turn: int, rows: Sequence[Row]) -> Step:
        pairs = [(row, new) for row in rows if (new := self._sealed_anew(table, row)) is not None]
        replaced = await self._replace(table, pairs) if pairs else 0
        return Step(
            table=table.name,
            turn=turn,
            resealed=replaced,
            missed=len(pairs) - replaced,
            unreadable=len(rows) - len(pairs),
        )

    def _sealed_anew(self, table: SealedTable, row: Row) -> Row | None:
        try:
            return {
                column: self._anew(row[column], context) for column, context in table.contexts(row).items()
            }
        except (SealBroken, UnknownKey):
            return None

    def _anew(self, sealed: bytes | None, context: str) -> bytes | None:
        if sealed is None or sealed.startswith(self._head):
            return sealed
        return self._ring.seal(self._ring.open(sealed, context=context), context=context)

    async def _replace(self, table: SealedTable, pairs: Sequence[tuple[Row, Row]]) -> int:
        """How many rows were still as they had been read, and held by nobody."""
        given: dict[str, list[Any]] = {name: [row[name] for row, _ in pairs] for name in table.key}
        given |= {f"old_{name}": [row[name] for row, _ in pairs] for name in table.columns}
        given |= {f"new_{name}": [new[name] for _, new in pairs] for name in table.columns}
        async with translated(), self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(_replacement(table, given), given)
        return cursor.rowcount


def _replacement(table: SealedTable, given: Mapping[str, Sequence[Any]]) -> sql.Composed:
    as_read = sql.SQL(" AND ").join(
        sql.SQL("one.{} IS NOT DISTINCT FROM given.{}").format(
            sql.Identifier(column), sql.Identifier(f"old_{column}")
        )
        for column in table.columns
    )
    return sql.SQL(
        """
        WITH given AS (SELECT * FROM unnest({arrays}) AS given ({names})),
            free AS (
                SELECT {key} FROM {table} AS one JOIN given USING ({key}) FOR NO KEY UPDATE OF one SKIP LOCKED
            )
        UPDATE {table} AS one SET {assignments}
        FROM given JOIN free USING ({key})
        WHERE {same} AND {as_read}
        """
    ).format(
        arrays=sql.SQL(", ").join(
            sql.SQL("{}::{}").format(sql.Placeholder(name), sql.SQL(_type(values)))
            for name, values in given.items()
        ),
        names=_names(tuple(given)),
        key=_names(table.key),
        table=sql.Identifier(table.name),
        assignments=sql.SQL(", ").join(
            sql.SQL("{} = given.{}").format(sql.Identifier(column), sql.Identifier(f"new_{column}"))
            for column in table.columns
        ),
        same=sql.SQL(" AND ").join(
            sql.SQL("one.{0} = given.{0}").format(sql.Identifier(name)) for name in table.key
        ),
        as_read=as_read,
    )


def _type(values: Sequence[Any]) -> str:
    return "text[]" if any(isinstance(value, str) for value in values) else "bytea[]"


def _names(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _values(names: Sequence[str], prefix: str = "") -> sql.Composed:
    return sql.SQL(", ").join(sql.Placeholder(prefix + name) for name in names)
