"""All that is an expert's, as one value: rows as JSON, with what is sealed opened.

So it is independent of the keys of either cell. It is sealed as a whole wherever it is kept.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from psycopg import sql
from psycopg.types.json import Jsonb

from adapters.postgres.data_kinds import Erasure, Kind
from adapters.postgres.data_map import EXPERTS, sealed_columns
from adapters.postgres.pool import Connection
from application.ports.cipher import Cipher
from application.ports.moving import MoveRefused
from domain.ids import ExpertId

STAYS: Final[Mapping[str, str]] = {
    "change": "whoever follows the feed here reads it to its end; the other cell's begins with the arrival",
    "known_version": "a trigger makes it, with a number of the other cluster's",
    "wish": "everything is read anew there",
}
"""Tables of the experts' whose rows don't go along, and why."""
MOVED: Final = tuple(name for name in EXPERTS if name not in STAYS)
"""Each after those that its rows refer to."""
APPEND_ONLY: Final = frozenset(name for name in MOVED if EXPERTS[name].erased_by is Erasure.KEPT)
"""A copy goes along. What stays can't be read any more, as after an erasure."""
NUMBERED: Final[Mapping[str, str]] = {"audit_entry": "number"}
"""Columns whose values the database gives, in the order of the rows."""
AT_ONCE: Final = 500
INSERT: Final = """
    INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, %(rows)s)
    """
_SEALED: Final = {name: [one for one in sealed_columns() if one.table == name] for name in MOVED}
_HASHES: Final = {name: frozenset(EXPERTS[name].columns_of(Kind.SECRET)) for name in MOVED}

Row = dict[str, Any]
Tables = Mapping[str, list[Row]]


def packed(expert_id: ExpertId, tables: Tables) -> bytes:
    return json.dumps({"expert_id": expert_id, "tables": tables}, separators=(",", ":")).encode()


def unpacked(package: bytes) -> tuple[ExpertId, Tables]:
    content = json.loads(package)
    return ExpertId(content["expert_id"]), content["tables"]


async def lock_rows(connection: Connection, expert_id: ExpertId) -> None:
    """Wait for all who are changing one of them; nobody can add any afterwards, since each refers to another."""
    for name in MOVED:
        if name in APPEND_ONLY:
            continue
        await connection.execute(
            sql.SQL("SELECT FROM {} WHERE {} FOR UPDATE").format(sql.Identifier(name), _rows(name)),
            {"expert_id": expert_id},
        )


async def collect(connection: Connection, cipher: Cipher, expert_id: ExpertId) -> Tables:
    """Those that the database numbers in their order, the others in none."""
    return {name: await _collected(connection, cipher, name, expert_id) for name in MOVED}


async def _collected(connection: Connection, cipher: Cipher, name: str, expert_id: ExpertId) -> list[Row]:
    cursor = await connection.execute(
        sql.SQL("SELECT to_jsonb(one) AS row FROM {} AS one WHERE {}").format(
            sql.Identifier(name), _rows(name)
        ),
        {"expert_id": expert_id},
    )
    rows = [_opened(cipher, name, found["row"]) async for found in cursor]
    if (number := NUMBERED.get(name)) is not None:
        rows.sort(key=lambda row: int(row[number]))
        rows = [{column: value for column, value in row.items() if column != number} for row in rows]
    return rows


async def insert(connection: Connection, cipher: Cipher, expert_id: ExpertId, tables: Tables) -> None:
    """What triggers have put there meanwhile is replaced. Raises MoveRefused."""
    for name in MOVED:
        wanted = tables.get(name, [])
        if name in APPEND_ONLY:
            # Whoever was here before has left them.
            there = set(_in_order(await _collected(connection, cipher, name, expert_id)))
            wanted = [row for row in wanted if _text(row) not in there]
        elif name != "expert":
            await connection.execute(
                sql.SQL("DELETE FROM {} WHERE {}").format(sql.Identifier(name), _rows(name)),
                {"expert_id": expert_id},
            )
        rows = [_sealed(cipher, name, row) for row in wanted]
        for first in range(0, len(rows), AT_ONCE):
            await _insert(connection, name, rows[first : first + AT_ONCE])


async def _insert(connection: Connection, name: str, rows: list[Row]) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
    await connection.execute(
        sql.SQL(INSERT).format(table=sql.Identifier(name), columns=columns), {"rows": Jsonb(rows)}
    )


def same(package: Tables, found: Tables) -> bool:
    """Whether all that the package has was found, and no row more. New columns may have been added since."""
    for name in MOVED:
        rows = package.get(name, [])
        known = (
            [{column: one.get(column) for column in rows[0]} for one in found[name]] if rows else found[name]
        )
        if name in APPEND_ONLY:
            moved = set(map(_text, rows))
            known = [row for row in known if _text(row) in moved]
        if _in_order(known) != _in_order(rows):
            return False
    return True


def _in_order(rows: list[Row]) -> list[str]:
    return sorted(map(_text, rows))


def _text(row: Row) -> str:
    return json.dumps(row, sort_keys=True)


def require_known(tables: Tables) -> None:
    """Raises MoveRefused for what only a later version has."""
    for name, rows in tables.items():
        if name not in MOVED or any(row.keys() - EXPERTS[name].columns.keys() for row in rows):
            raise MoveRefused(
                f"this program doesn't know everything of {name}: a later version has begun the move"
            )


def _rows(name: str) -> sql.SQL:
    return sql.SQL(EXPERTS[name].rows)  # stands in this program


def _opened(cipher: Cipher, name: str, row: Row) -> Row:
    for one in _SEALED[name]:
        if (value := row[one.column]) is not None:
            context = one.context(_key(name, one.key, row))
            opened = cipher.open(bytes.fromhex(value.removeprefix("\\x")), context=context)
            row[one.column] = base64.b64encode(opened).decode()
    return row


def _sealed(cipher: Cipher, name: str, row: Row) -> Row:
    sealed = dict(row)
    for one in _SEALED[name]:
        if (value := row.get(one.column)) is not None:
            anew = cipher.seal(base64.b64decode(value), context=one.context(_key(name, one.key, row)))
            sealed[one.column] = "\\x" + anew.hex()
    return sealed


def _key(name: str, names: tuple[str, ...], row: Row) -> Row:
    """As the columns' own values: hashes are bytes, which JSON has in digits."""
    return {
        one: bytes.fromhex(row[one].removeprefix("\\x")) if one in _HASHES[name] else row[one]
        for one in names
    }
