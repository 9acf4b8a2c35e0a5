"""What the command line needs to seal everything anew, opened by itself beside the processes that serve."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import psycopg

from adapters.crypto import KeyRing
from adapters.postgres.audit_log import PostgresAuditLog
from adapters.postgres.census import PostgresCensus
from adapters.postgres.errors import translated
from adapters.postgres.keys.key_counts import NOT_SEALED, Counts, TooManyToCount, count_keys, rows_by_key
from adapters.postgres.keys.key_holders import Holder, KeysUnfit, forget_unused, hold_keys, holders
from adapters.postgres.keys.rotation import Rotation, Step
from adapters.postgres.migrate import needed_version
from adapters.postgres.pool import Pool, open_pool
from application.ports.store import StoreUnavailable
from domain.audit import Act, ActorKind, AuditAction
from server.acting import acting_as, who_acts
from server.runtime.process_failed import ProcessFailed
from server.runtime.resources import UNREACHABLE, require_database
from server.runtime.settings import Settings
from server.tasks import task_for_good

COUNTED_WITHIN: Final = timedelta(minutes=10)
"""Each table: a look at every row of ten millions takes a minute or so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysInUse:
    """`rows` by table and by key, as they were counted; `sealing` are the keys that running processes seal with."""

    rows: Counts
    sealing: Mapping[str, int]

    def of(self, key_id: str) -> int:
        return rows_by_key(self.rows).get(key_id, 0)

    def older_than(self, key_id: str) -> Mapping[str, int]:
        """By table, the rows that another key sealed; tables without any are left out."""
        others = {
            table: sum(count for one, count in counts.items() if one != key_id)
            for table, counts in self.rows.items()
        }
        return {table: count for table, count in others.items() if count}

    @property
    def key_ids(self) -> Sequence[str]:
        return sorted({*rows_by_key(self.rows), *self.sealing} - {NOT_SEALED})


class KeyRotation:
    def __init__(self, pool: Pool, ring: KeyRing) -> None:
        self._pool = pool
        self._ring = ring

    @property
    def first_key(self) -> str:
        return self._ring.ids[0]

    @property
    def key_ids(self) -> tuple[str, ...]:
        return self._ring.ids

    async def in_use(self, *, but: Holder | None = None) -> KeysInUse:
        """Looks at every row. Raises ProcessFailed where that takes too long."""
        async with translated(), self._pool.connection() as connection:
            try:
                rows = await count_keys(connection, within=COUNTED_WITHIN)
            except TooManyToCount:
                raise ProcessFailed("the rows can't be counted in time") from None
            running = [one.seals_with for one in await holders(connection) if one != but]
        return KeysInUse(rows=rows, sealing={key_id: running.count(key_id) for key_id in running})

    @asynccontextmanager
    async def as_holder(self) -> AsyncIterator[Holder]:
        """One of those who have the keys, so that nobody takes one out meanwhile. Raises ProcessFailed."""
        try:
            held = await hold_keys(self._pool, self._ring)
        except KeysUnfit as unfit:
            raise ProcessFailed(f"CALENDARSYNC_ENCRYPTION_KEYS: {unfit}") from None
        try:
            async with task_for_good(held.keep(), name="keys"):
                yield held.holder
        finally:
            await held.release()

    def steps(self) -> AsyncIterator[Step]:
        return Rotation(self._pool, self._ring).run()

    async def forget_unused(self, in_use: KeysInUse) -> tuple[str, ...]:
        """The keys of the ring that may be taken out of it."""
        unused = [
            key_id for key_id in self._ring.ids[1:] if not in_use.of(key_id) and key_id not in in_use.sealing
        ]
        await forget_unused(self._pool, unused)
        return tuple(unused)

    async def record(self) -> None:
        """That everything is sealed with the first key now."""
        async with translated(), self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute("SELECT now() AS now")
            row = await cursor.fetchone()
            assert row is not None
            act = Act(action=AuditAction.KEYS_ROTATED, at=row["now"], about=self.first_key)
            with acting_as(ActorKind.OPERATOR):
                await PostgresAuditLog(connection=connection, who_acts=who_acts).add(act)


@asynccontextmanager
async def key_rotation(settings: Settings) -> AsyncIterator[KeyRotation]:
    """Raises ProcessFailed, for the block as well."""
    dsn = settings.database_url.get_secret_value()
    ring = KeyRing.parse(settings.encryption_keys.get_secret_value(), weak_ones_open=True)
    await require_database(dsn)
    try:
        async with open_pool(dsn, min_size=1, max_size=2, cell=settings.cell) as pool:
            await _require_all_known(pool)
            yield KeyRotation(pool, ring)
    except StoreUnavailable:
        raise ProcessFailed(UNREACHABLE) from None
    except psycopg.errors.UndefinedTable:
        raise ProcessFailed(
            "the database's schema is older than this program: `calendarsync migrate`"
        ) from None


async def _require_all_known(pool: Pool) -> None:
    """Raises ProcessFailed: what a later version seals may be in columns that are not looked at here."""
    if await PostgresCensus(pool=pool).schema_version() > needed_version():
        raise ProcessFailed("the database's schema is newer than this program: take the version that made it")
