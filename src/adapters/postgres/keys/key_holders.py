"""Which keys a process has: checked against those in use before it seals or opens anything, and shown to the others.

docs/decisions/0036-keys-are-exchanged-in-use.md says what this makes true.
"""

import asyncio
import logging
import secrets
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from adapters.postgres.errors import translated
from adapters.postgres.keys.key_counts import TooManyToCount, count_keys, rows_by_key
from adapters.postgres.keys.ring import Ring
from adapters.postgres.pool import Connection, Pool
from adapters.postgres.sealing import place
from application.ports.cipher import SealBroken
from application.ports.store import StoreUnavailable

SHOWN_EVERY: Final = timedelta(seconds=10)
GONE_AFTER: Final = timedelta(seconds=40)
"""Without a sign a process is taken for dead, and nobody waits for it."""
LAST_WORD: Final = timedelta(seconds=1)
COUNTED_WITHIN: Final = timedelta(seconds=10)
"""For each table, and only where a process is not going to start anyway."""
SAMPLES: Final = 200
_log = logging.getLogger(__name__)


class KeysUnfit(Exception):
    """The keys don't fit what is sealed, or those of processes that run. The text names keys by id and nothing else."""


class KeysMissing(KeysUnfit):
    """`rows` are by the id of the missing key; None where there are too many to count them now."""

    def __init__(self, rows: Mapping[str, int | None]) -> None:
        counted = ", ".join(
            f"{key_id} ({'too many rows to count' if count is None else _rows(count)})"
            for key_id, count in sorted(rows.items())
        )
        super().__init__(f"keys are missing that were used to seal: {counted}")
        self.rows = rows


class KeysDiffer(KeysUnfit):
    def __init__(self, key_ids: Collection[str]) -> None:
        super().__init__(f"not the keys of these ids that were used to seal: {', '.join(sorted(key_ids))}")


class KeyNotShared(KeysUnfit):
    def __init__(self, key_id: str, *, processes: int) -> None:
        super().__init__(
            f"the first key, {key_id}, is not among those of running processes ({processes}); "
            "add it to the end of everybody's keys before it comes first anywhere"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A process that runs, with the ids of its keys."""

    holder_id: str
    key_ids: tuple[str, ...]

    @property
    def seals_with(self) -> str:
        return self.key_ids[0]


class HeldKeys:
    """Made by `hold_keys`: shows that this process has these keys, until it is released."""

    def __init__(self, pool: Pool, ring: Ring, holder: Holder) -> None:
        self._pool = pool
        self._ring = ring
        self.holder = holder

    async def keep(self) -> None:
        """Shows it again and again, for good; while the database can't be asked, or refuses, later."""
        while True:
            await asyncio.sleep(SHOWN_EVERY.total_seconds())
            try:
                async with translated(), self._pool.connection() as connection, connection.transaction():
                    await _show(connection, self._ring, self.holder)
            except StoreUnavailable:
                continue
            except Exception as error:  # noqa: BLE001 - an outermost loop: others would take us for dead for good
                _log.warning("the keys of this process can't be shown: %s", type(error).__name__)

    async def release(self) -> None:
        """Where it can't be said now, the others find out by themselves."""
        with suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(LAST_WORD.total_seconds()):
                await _leave(self._pool, self.holder)


async def hold_keys(pool: Pool, ring: Ring) -> HeldKeys:
    """Raises KeysUnfit, and then nothing is shown, and StoreUnavailable."""
    holder = Holder(holder_id=secrets.token_hex(8), key_ids=ring.ids)
    await _join(pool, ring, holder)
    return HeldKeys(pool, ring, holder)


async def holders(connection: Connection) -> tuple[Holder, ...]:
    """Those that showed lately that they live."""
    cursor = await connection.execute(
        "SELECT holder_id, key_ids FROM key_holder WHERE seen_at > now() - %(gone)s", {"gone": GONE_AFTER}
    )
    return tuple([Holder(holder_id=row["holder_id"], key_ids=tuple(row["key_ids"])) async for row in cursor])


async def forget_unused(pool: Pool, key_ids: Iterable[str]) -> tuple[str, ...]:
    """Those of the keys that nobody seals with any more are no longer in use, by the word of whoever counted."""
    async with translated(), pool.connection() as connection, connection.transaction():
        await _lock(connection)
        sealing = {one.seals_with for one in await holders(connection)}
        cursor = await connection.execute(
            "DELETE FROM encryption_key WHERE key_id = ANY (%(unused)s) RETURNING key_id",
            {"unused": sorted(set(key_ids) - sealing)},
        )
        return tuple(sorted([row["key_id"] async for row in cursor]))


async def _join(pool: Pool, ring: Ring, holder: Holder) -> None:
    async with translated(), pool.connection() as connection:
        async with connection.transaction():
            missing = await _try_to_join(connection, ring, holder)
        if not missing:
            return
        rows = await _rows_of(connection, missing)
    # Whose rows have all gone by themselves is in nobody's way.
    unused = await forget_unused(pool, [key_id for key_id, count in rows.items() if count == 0])
    if still := {key_id: count for key_id, count in rows.items() if key_id not in unused}:
        raise KeysMissing(still)
    await _join(pool, ring, holder)


async def _try_to_join(connection: Connection, ring: Ring, holder: Holder) -> set[str]:
    """The keys in use that the ring does not have; nothing is shown then. Those who start take turns here."""
    await _lock(connection)
    cursor = await connection.execute("SELECT key_id, proof FROM encryption_key")
    proofs: dict[str, bytes | None] = {row["key_id"]: row["proof"] async for row in cursor}
    if missing := proofs.keys() - set(ring.ids):
        return missing
    await _require_same(connection, ring, proofs)
    strangers = [one for one in await holders(connection) if ring.ids[0] not in one.key_ids]
    if strangers:
        raise KeyNotShared(ring.ids[0], processes=len(strangers))
    await _show(connection, ring, holder)
    return set()


async def _lock(connection: Connection) -> None:
    await connection.execute("LOCK TABLE encryption_key IN SHARE ROW EXCLUSIVE MODE")


async def _require_same(connection: Connection, ring: Ring, proofs: Mapping[str, bytes | None]) -> None:
    """Raises KeysDiffer: an id alone does not make a key."""
    opened = {key_id: _opens(ring, proof, _proof(key_id)) for key_id, proof in proofs.items() if proof}
    unproven = [key_id for key_id, proof in proofs.items() if not proof]
    if unproven:
        # As after an update from a version that kept no proofs: a look at some rows that it sealed must do. One that
        # opens is proof enough; one that doesn't may be damaged.
        cursor = await connection.execute(
            """
            SELECT key_id, expert_id, person
            FROM (SELECT sealing_key(person) AS key_id, * FROM expert LIMIT %(samples)s) AS one
            WHERE key_id = ANY (%(unproven)s)
            """,
            {"samples": SAMPLES, "unproven": unproven},
        )
        async for row in cursor:
            context = place("expert", row["expert_id"], column="person")
            opened[row["key_id"]] = opened.get(row["key_id"]) or _opens(ring, row["person"], context)
    if others := [key_id for key_id, fits in opened.items() if not fits]:
        raise KeysDiffer(others)


def _opens(ring: Ring, sealed: bytes, context: str) -> bool:
    try:
        ring.open(sealed, context=context)
    except SealBroken:
        return False
    return True


async def _rows_of(connection: Connection, key_ids: Iterable[str]) -> Mapping[str, int | None]:
    try:
        rows = rows_by_key(await count_keys(connection, within=COUNTED_WITHIN))
    except TooManyToCount:
        return dict.fromkeys(key_ids)
    return {key_id: rows.get(key_id, 0) for key_id in key_ids}


async def _show(connection: Connection, ring: Ring, holder: Holder) -> None:
    """Also that the key which seals is in use: whoever thought that it is not any more was wrong."""
    await connection.execute(
        """
        INSERT INTO encryption_key (key_id, proof) VALUES (%(key_id)s, %(proof)s)
        ON CONFLICT (key_id) DO UPDATE SET proof = excluded.proof WHERE encryption_key.proof IS NULL
        """,
        {"key_id": ring.ids[0], "proof": ring.seal(b"", context=_proof(ring.ids[0]))},
    )
    await connection.execute(
        """
        INSERT INTO key_holder (holder_id, key_ids, seen_at) VALUES (%(holder_id)s, %(key_ids)s, now())
        ON CONFLICT (holder_id) DO UPDATE SET seen_at = now()
        """,
        {"holder_id": holder.holder_id, "key_ids": list(holder.key_ids)},
    )


async def _leave(pool: Pool, holder: Holder) -> None:
    """And with it those that died long ago without a word."""
    async with translated(), pool.connection() as connection:
        await connection.execute(
            "DELETE FROM key_holder WHERE holder_id = %(holder_id)s OR seen_at < now() - interval '1 day'",
            {"holder_id": holder.holder_id},
        )


def _proof(key_id: str) -> str:
    return place("encryption_key", key_id, column="proof")


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
