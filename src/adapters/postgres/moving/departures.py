"""The cell that an expert leaves, in PostgreSQL."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from psycopg import sql
from psycopg.errors import DeadlockDetected, LockNotAvailable

from adapters.postgres.audit_log import PostgresAuditLog
from adapters.postgres.changes import PostgresChanges
from adapters.postgres.data_map import EXPERTS
from adapters.postgres.experts import PostgresExperts
from adapters.postgres.moving.arrivals import settle_in
from adapters.postgres.moving.facts import facts_of, now_of
from adapters.postgres.moving.package import MOVED, collect, lock_rows, packed
from adapters.postgres.pool import Connection, Pool
from adapters.postgres.sealing import place
from application.ports.cipher import Cipher
from application.ports.moving import CellFacts, Departed, MoveRefused, StillAtWork
from application.ports.workers import MOST_DEATHS
from domain.audit import Act, Actor, ActorKind, AuditAction
from domain.change import ChangeType, change_of_expert
from domain.expert import ExpertNotFound
from domain.ids import ExpertId

LOCK_TIMEOUT: Final = "500ms"
"""Less than PostgreSQL's `deadlock_timeout`: whoever meets this transaction in another order is waited for by it, and
never given up for it."""
LINKS: Final[Mapping[str, str]] = {"connection_attempt": "state_hash", "incident": "token_hash"}
"""Columns with hashes of secrets that are in links which lead here."""
REMEMBER_LINKS: Final = """
    INSERT INTO moved_link (secret_hash, expert_id)
    SELECT {column}, %(expert_id)s FROM {table} WHERE expert_id = %(expert_id)s
    ON CONFLICT (secret_hash) DO UPDATE SET expert_id = excluded.expert_id
    """
CLAIMED: Final = " UNION ALL ".join(
    f"SELECT FROM {name} WHERE ({EXPERTS[name].rows}) AND claimed_until > now()"
    # What worker after worker died of is set aside, and nobody is at it.
    + (f" AND deaths < {MOST_DEATHS}" if "deaths" in EXPERTS[name].columns else "")
    for name in MOVED
    if "claimed_until" in EXPERTS[name].columns
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresDepartures:
    pool: Pool
    cipher: Cipher

    async def facts(self) -> CellFacts:
        async with self.pool.connection() as connection:
            return await facts_of(connection)

    async def look_at(self, expert_id: ExpertId) -> bytes:
        async with self._transaction() as connection:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            tables = await collect(connection, self.cipher, expert_id)
        if not tables["expert"]:
            raise ExpertNotFound
        return packed(expert_id, tables)

    async def departed(self, expert_id: ExpertId) -> Departed | None:
        async with self.pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT move_id, to_cell, package FROM moved_expert WHERE expert_id = %(expert_id)s",
                {"expert_id": expert_id},
            )
            row = await cursor.fetchone()
        if row is None:
            return None
        package = row["package"]
        return Departed(
            expert_id=expert_id,
            move_id=row["move_id"],
            to_cell=row["to_cell"],
            package=None if package is None else self.cipher.open(package, context=_place(expert_id)),
        )

    async def depart(self, expert_id: ExpertId, *, move_id: str, to: CellFacts) -> Departed:
        try:
            async with self._transaction() as connection:
                await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
                await lock_rows(connection, expert_id)
                claimed = await connection.execute(CLAIMED.encode(), {"expert_id": expert_id})
                if claimed.rowcount:
                    raise StillAtWork
                # Before they are collected: the entry goes along, and one like it stays.
                await _record(connection, expert_id, to_cell=to.name)
                tables = await collect(connection, self.cipher, expert_id)
                if not tables["expert"]:
                    raise ExpertNotFound
                package = packed(expert_id, tables)
                await self._take_out(connection, expert_id, package, move_id=move_id, to=to)
        except (LockNotAvailable, DeadlockDetected):
            raise StillAtWork from None
        return Departed(expert_id=expert_id, move_id=move_id, to_cell=to.name, package=package)

    async def _take_out(
        self, connection: Connection, expert_id: ExpertId, package: bytes, *, move_id: str, to: CellFacts
    ) -> None:
        await connection.execute(
            """
            INSERT INTO moved_expert (expert_id, move_id, to_cell, to_url, moved_at, package)
            VALUES (%(expert_id)s, %(move_id)s, %(to_cell)s, %(to_url)s, now(), %(package)s)
            """,
            {
                "expert_id": expert_id,
                "move_id": move_id,
                "to_cell": to.name,
                "to_url": to.public_url,
                "package": self.cipher.seal(package, context=_place(expert_id)),
            },
        )
        for name, column in LINKS.items():
            await connection.execute(
                sql.SQL(REMEMBER_LINKS).format(column=sql.Identifier(column), table=sql.Identifier(name)),
                {"expert_id": expert_id},
            )
        await PostgresExperts(connection=connection, cipher=self.cipher).take_out(expert_id)
        moved = change_of_expert(ChangeType.EXPERT_MOVED, expert_id, at=await now_of(connection))
        await PostgresChanges(connection=connection).add(moved)

    async def forward(self, expert_id: ExpertId, *, move_id: str) -> None:
        async with self.pool.connection() as connection:
            await connection.execute(
                "UPDATE moved_expert SET package = NULL WHERE expert_id = %(expert_id)s AND move_id = %(move_id)s",
                {"expert_id": expert_id, "move_id": move_id},
            )

    async def take_back(self, departed: Departed) -> None:
        assert departed.package is not None
        async with self._transaction() as connection:
            removed = await connection.execute(
                "DELETE FROM moved_expert WHERE move_id = %(move_id)s AND package IS NOT NULL",
                {"move_id": departed.move_id},
            )
            if not removed.rowcount:
                raise MoveRefused("the move has ended meanwhile")
            await settle_in(connection, self.cipher, departed.package)
            await _record(connection, departed.expert_id, to_cell=(await facts_of(connection)).name)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        async with self.pool.connection() as connection, connection.transaction():
            yield connection


async def _record(connection: Connection, expert_id: ExpertId, *, to_cell: str) -> None:
    """In the audit log, which has no entry about nobody: whoever is not there is not recorded."""
    act = Act(
        action=AuditAction.EXPERT_MOVED, at=await now_of(connection), expert_id=expert_id, about=to_cell
    )
    await PostgresAuditLog(connection=connection, who_acts=_operator).add(act)


def _operator() -> Actor:
    return Actor(ActorKind.OPERATOR)


def _place(expert_id: ExpertId) -> str:
    return place("moved_expert", expert_id, column="package")
