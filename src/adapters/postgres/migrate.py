"""Brings a cell's schema up to date: numbered files of SQL, each applied once, in one transaction."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import psycopg
from psycopg import AsyncConnection
from psycopg.errors import DeadlockDetected, LockNotAvailable

from adapters.postgres.cells import DEFAULT_CELL
from adapters.postgres.opened_cell import CellRefused, open_cell

MIGRATIONS = Path(__file__).with_name("migrations")
TIME_LIMITS = ["statement_timeout", "lock_timeout", "transaction_timeout", "idle_session_timeout"]
"""Those that the server has: transaction_timeout came with PostgreSQL 17."""
FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
BREAKING = re.compile(rb"-- breaking: *(\S.*)")
"""As the first line of a file: programs that don't know it can't work on the database any more, and why."""
LOCK_PATIENCE: Final = timedelta(seconds=2)
"""Whoever comes after a statement that waits for a table waits behind it, readers too. So a file that waits for a lock,
as while a backup is made, gives way after so long, and is tried again."""
TRY_AGAIN_AFTER: Final = timedelta(seconds=10)
_log = logging.getLogger(__name__)


class MigrationRefused(CellRefused):
    """Files and database don't fit together, or a file failed. What was applied before it stays applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file. `version` is the number in its name, `checksum` the SHA-256 of its bytes."""

    version: str
    name: str
    sql: bytes

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql).hexdigest()

    @property
    def breaking(self) -> str | None:
        """Why programs of before can't work on the database after it; None where they can, as nearly always."""
        line = BREAKING.match(self.sql)
        return line[1].decode().strip() if line else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What the database says of a migration that it has."""

    checksum: str
    breaking: str | None


async def migrate(
    dsn: str, *, cell: str = DEFAULT_CELL, folder: Path = MIGRATIONS, beside_others: bool = True
) -> list[str]:
    """Makes the cell where it isn't there, applies what is missing, in order, and gives the names of the files applied.

    Processes that do it at once wait for each other, and the later ones find nothing to do. One that is
    killed leaves the files it finished and no lock. A database that is newer than the files is left as it is:
    migrations add, so that a program of the version before can be started again in the middle of an update, and
    after one that was taken back. Raises MigrationRefused when it has one among those that is breaking, when a file
    was changed or slipped in behind an applied one, or when its SQL fails; CellRefused when the schema is another
    cell's, and for a new cell in a database that has others, unless `beside_others`.
    """
    migrations = read_migrations(folder)
    async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
        await _without_time_limits(connection)
        # Without it a killed migrator's statement runs to its end, and so long the lock is held.
        await connection.execute("SET client_connection_check_interval = '1s'")
        await open_cell(connection, cell, beside_others=beside_others)
        missing = _missing(migrations, await _applied(connection))
        for migration in missing:
            await _apply(connection, migration)
    return [migration.name for migration in missing]


async def _without_time_limits(connection: AsyncConnection) -> None:
    """A migration takes as long as it takes, whatever an administrator set for calls, and so do those before it."""
    await connection.execute(
        "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = ANY (%(names)s)",
        {"names": TIME_LIMITS},
    )


def read_migrations(folder: Path) -> list[Migration]:
    """The files of the folder by number. Raises MigrationRefused for a bad name or a number used twice."""
    migrations = []
    for path in sorted(folder.glob("*.sql")):
        match = FILE_NAME.fullmatch(path.name)
        if match is None:
            raise MigrationRefused(f"{path.name} is not named like 0001_what_it_does.sql")
        migrations.append(Migration(version=match[1], name=path.name, sql=path.read_bytes()))
    versions = [migration.version for migration in migrations]
    if len(set(versions)) < len(versions):
        raise MigrationRefused("two migrations have the same number")
    return migrations


def needed_version(folder: Path = MIGRATIONS) -> str:
    """The number of the newest file: what this build needs a database to have, at least."""
    return max(migration.version for migration in read_migrations(folder))


def _missing(migrations: list[Migration], applied: Mapping[str, Applied]) -> list[Migration]:
    _look_at_unknown(
        {version: applied[version] for version in applied.keys() - {one.version for one in migrations}}
    )
    for migration in migrations:
        if migration.version in applied:
            if applied[migration.version].checksum != migration.checksum:
                raise MigrationRefused(f"{migration.name} was changed after it had been applied")
        elif applied and migration.version < max(applied):
            raise MigrationRefused(f"{migration.name} comes before {max(applied)}, which is applied already")
    return [migration for migration in migrations if migration.version not in applied]


def _look_at_unknown(unknown: Mapping[str, Applied]) -> None:
    """Raises MigrationRefused."""
    breaking = [f"{version} ({one.breaking})" for version, one in sorted(unknown.items()) if one.breaking]
    if breaking:
        raise MigrationRefused(
            f"the database is newer than this program, which can't work on it any more since {', '.join(breaking)}"
        )
    if unknown:
        _log.warning(
            "the database is newer than this program, which can work on it all the same: it has %s",
            ", ".join(sorted(unknown)),
        )


async def _applied(connection: AsyncConnection) -> dict[str, Applied]:
    await connection.execute("""
        CREATE TABLE IF NOT EXISTS schema_migration (
            version text PRIMARY KEY,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now(),
            breaking text
        )""")
    await _add_breaking(connection)
    cursor = await connection.execute("SELECT version, checksum, breaking FROM schema_migration")
    return {
        version: Applied(checksum=checksum, breaking=breaking) async for version, checksum, breaking in cursor
    }


async def _add_breaking(connection: AsyncConnection) -> None:
    """To a table from before there was this column."""
    # Asked first: ADD COLUMN IF NOT EXISTS locks the table whatever it finds, and with it, behind a backup that reads
    # the table, everybody's question for the version.
    cursor = await connection.execute("""
        SELECT FROM pg_attribute
        WHERE attrelid = 'schema_migration'::regclass AND attname = 'breaking' AND NOT attisdropped""")
    if await cursor.fetchone() is None:
        await connection.execute("ALTER TABLE schema_migration ADD COLUMN breaking text")


async def _apply(connection: AsyncConnection, migration: Migration) -> None:
    while True:
        try:
            return await _try_to_apply(connection, migration)
        except (LockNotAvailable, DeadlockDetected):
            _log.warning(
                "%s waits for somebody who holds a table, such as a backup, and is tried again",
                migration.name,
            )
        except psycopg.Error as exc:
            raise MigrationRefused(
                f"{migration.name} failed: {exc.sqlstate} {exc.diag.message_primary}"
            ) from exc
        await asyncio.sleep(TRY_AGAIN_AFTER.total_seconds())


async def _try_to_apply(connection: AsyncConnection, migration: Migration) -> None:
    insert = """
        INSERT INTO schema_migration (version, name, checksum, breaking)
        VALUES (%(version)s, %(name)s, %(checksum)s, %(breaking)s)"""
    row = {
        "version": migration.version,
        "name": migration.name,
        "checksum": migration.checksum,
        "breaking": migration.breaking,
    }
    async with connection.transaction():
        await connection.execute(
            "SELECT set_config('lock_timeout', %(limit)s, true)",
            {"limit": f"{LOCK_PATIENCE // timedelta(milliseconds=1)}ms"},
        )
        await connection.execute(migration.sql)  # without parameters: many statements in one message
        await connection.execute(insert, row)
