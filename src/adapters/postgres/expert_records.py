"""What is held about an expert in PostgreSQL, in readable form: as the data map says, and nothing beside it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg.rows import DictRow
from psycopg.types.range import Range

from adapters.postgres.audit_log import hidden_ids
from adapters.postgres.data_kinds import ExpertsTable, Kind, SealedColumn
from adapters.postgres.data_map import EXPERTS
from adapters.postgres.pool import Connection
from adapters.postgres.rules import rule_from_text
from adapters.postgres.sealing import open_fields
from adapters.postgres.spans import spans_from_value
from application.ports.cipher import Cipher
from domain.export import ExportPosition, ExportPositionUnknown, ExportRecord, Shown
from domain.ids import ExpertId
from domain.spans import instant

EXPORTED: Final = {table.record: name for name, table in EXPERTS.items() if table.record}
"""The tables by what the export calls their rows, in its order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresExpertRecords:
    connection: Connection
    cipher: Cipher

    async def after(
        self, expert_id: ExpertId, position: ExportPosition | None, *, limit: int
    ) -> tuple[ExportRecord, ...]:
        records: list[ExportRecord] = []
        for name, key in _from(position):
            rows = await self._rows(name, expert_id, key, limit - len(records))
            records += [self._record(name, row) for row in rows]
            if len(records) == limit:
                break
        return tuple(records)

    async def _rows(
        self, name: str, expert_id: ExpertId, key: tuple[str, ...] | None, limit: int
    ) -> list[DictRow]:
        place = {} if key is None else {f"after_{number}": value for number, value in enumerate(key)}
        try:
            cursor = await self.connection.execute(
                _query(name, EXPERTS[name], begins=key is None).encode(),
                {"expert_id": expert_id, "limit": limit, **place},
            )
        except psycopg.DataError as exc:  # somebody made the position up
            raise ExportPositionUnknown from exc
        return await cursor.fetchall()

    def _record(self, name: str, row: DictRow) -> ExportRecord:
        table, content = EXPERTS[name], dict[str, Shown]()
        for column, what in table.columns.items():
            value = row[column] if what.exported_as else None
            if value is None:
                continue
            if read := READERS.get((name, column)):
                content |= read(row)
            elif what.kind is Kind.SEALED:
                context = SealedColumn(table=name, column=column, key=table.key).context(row)
                opened = open_fields(self.cipher, value, context=context)
                content |= {field: one for field, one in opened.items() if one is not None}
            else:
                content[what.exported_as[0]] = shown(value)
        key = tuple(row[f"key_{number}"] for number in range(len(table.order)))
        return ExportRecord(
            kind=table.record,
            content=content,
            position=ExportPosition(table.record, key),
            size=len(json.dumps(content)),
        )


def _from(position: ExportPosition | None) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    """The tables that an export goes through from there, each with the key it begins behind."""
    kinds = list(EXPORTED)
    if position is None:
        yield from ((name, None) for name in EXPORTED.values())
        return
    if position.kind not in EXPORTED or len(position.key) != len(EXPERTS[EXPORTED[position.kind]].order):
        raise ExportPositionUnknown
    yield EXPORTED[position.kind], position.key
    yield from ((EXPORTED[kind], None) for kind in kinds[kinds.index(position.kind) + 1 :])


def _query(name: str, table: ExpertsTable, *, begins: bool) -> str:
    wanted = [column for column, what in table.columns.items() if what.exported_as or column in table.key]
    keys = [f"{column}::text AS key_{number}" for number, column in enumerate(table.order)]
    conditions = [f"({table.rows})", *([table.shown] if table.shown else [])]
    if not begins:
        places = [f"%(after_{number})s::text::{type_}" for number, type_ in enumerate(table.order.values())]
        conditions.append(f"({', '.join(table.order)}) > ({', '.join(places)})")
    return (
        f"SELECT {', '.join([*wanted, *keys, *([table.beside] if table.beside else [])])} FROM {name}"  # noqa: S608
        f" WHERE {' AND '.join(conditions)} ORDER BY {', '.join(table.order)} LIMIT %(limit)s"
    )


def shown(value: Any) -> Shown:
    """As in JSON. Raises TypeError for a type that no column had so far."""
    match value:
        case bool() | int() | float() | str():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case UUID():
            return str(value)
        case Range():
            return {"start_time": shown(value.lower), "end_time": shown(value.upper)}
        case list() | tuple():
            return [shown(one) for one in value]
        case Mapping():
            return {name: shown(one) for name, one in value.items() if one is not None}
    raise TypeError(type(value))


def _busy(row: DictRow) -> dict[str, Shown]:
    edges = [shown(instant(edge)) for edge in spans_from_value(row["busy"]).edges]
    intervals = list(pairwise(edges))[::2]
    return {"busy": [{"start_time": start, "end_time": end} for start, end in intervals]}


def _deviations(row: DictRow) -> dict[str, Shown]:
    """Its instants are numbers, in microseconds since 1970."""
    readable = [
        {
            name: [instant(edge) for edge in value] if name in {"at", "blocks"} and value else value
            for name, value in one.items()
        }
        for one in row["deviations"]
    ]
    return {"deviations": shown(readable)}


def _rule(row: DictRow) -> dict[str, Shown]:
    rule = rule_from_text(row["zone"])
    return {"time_zone": rule.zone, "tentative_blocks": rule.tentative_blocks}


READERS: Final[Mapping[tuple[str, str], Callable[[DictRow], Mapping[str, Shown]]]] = {
    ("reading", "zone"): _rule,
    ("reading", "busy"): _busy,
    ("reading", "deviations"): _deviations,
    ("audit_entry", "ids"): hidden_ids,
}
"""For columns whose values say nothing by themselves."""
