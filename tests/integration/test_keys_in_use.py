"""No process starts without a key that is in use, or seals with one that another process does not have."""

import asyncio
import hashlib
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from psycopg import AsyncConnection

from adapters.crypto import KeyRing
from adapters.postgres.keys.key_holders import (
    HeldKeys,
    KeyNotShared,
    KeysDiffer,
    KeysMissing,
    hold_keys,
)
from adapters.postgres.migrate import MIGRATIONS, migrate
from adapters.postgres.pool import open_pool
from adapters.postgres.sealing import place
from server.tasks import task_for_good
from tests.support.everything import store_everything
from tests.support.stores import KeptByPostgres

KEYS = {"test": bytes(range(32))} | {name: hashlib.sha256(name.encode()).digest() for name in ("new", "old")}
ROWS_OF_ONE = 8
"""Of an expert with a row in each table that has anything sealed."""


def _ring(*ids: str) -> KeyRing:
    return KeyRing({key_id: KEYS[key_id] for key_id in ids})


async def _hold(kept: KeptByPostgres, *ids: str) -> HeldKeys:
    return await hold_keys(kept.pool, _ring(*ids))


async def _in_use(kept: KeptByPostgres) -> list[object]:
    return [row["key_id"] for row in await kept.rows("SELECT key_id FROM encryption_key ORDER BY key_id")]


async def test_a_process_that_was_refused_once_shows_its_keys_again(
    kept: KeptByPostgres, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("adapters.postgres.keys.key_holders.SHOWN_EVERY", timedelta(milliseconds=20))
    held = await _hold(kept, "test")
    async with (
        kept.pool.connection() as operator,
        task_for_good(held.keep(), name="keys"),
        asyncio.timeout(20),
    ):
        await operator.execute("ALTER TABLE key_holder RENAME TO away")
        while "can't be shown: UndefinedTable" not in caplog.text:
            await operator.execute("SELECT pg_sleep(0.01)")
        await operator.execute("ALTER TABLE away RENAME TO key_holder")
        await operator.execute("DELETE FROM key_holder")
        while not await kept.rows("SELECT FROM key_holder"):
            assert "keys" in {task.get_name() for task in asyncio.all_tasks()}


async def test_only_the_key_that_seals_counts_as_used(kept: KeptByPostgres) -> None:
    await _hold(kept, "new", "old")
    assert await _in_use(kept) == ["new"]


async def test_a_ring_that_misses_a_used_key_is_refused_with_the_number_of_rows(kept: KeptByPostgres) -> None:
    await (await _hold(kept, "test")).release()
    await store_everything(kept, suffix="-1")
    await store_everything(kept, "other", suffix="-2")
    with pytest.raises(KeysMissing) as refused:
        await _hold(kept, "new")
    assert refused.value.rows == {"test": 2 * ROWS_OF_ONE}
    assert str(refused.value) == "keys are missing that were used to seal: test (16 rows)"
    assert await _in_use(kept) == ["test"], "nothing is shown of a process that does not start"
    await _hold(kept, "new", "test")


async def test_a_key_that_sealed_nothing_is_missed_by_nobody(kept: KeptByPostgres) -> None:
    await (await _hold(kept, "old")).release()
    await _hold(kept, "new")
    assert await _in_use(kept) == ["new"]


async def test_a_key_that_a_running_process_is_about_to_seal_with_is_missed(kept: KeptByPostgres) -> None:
    await _hold(kept, "old")
    with pytest.raises(KeysMissing, match=r"old \(0 rows\)"):
        await _hold(kept, "new")


async def test_nobody_seals_with_a_key_that_another_process_does_not_have(kept: KeptByPostgres) -> None:
    running = await _hold(kept, "old")
    other = await _hold(kept, "old")
    with pytest.raises(KeyNotShared, match=r"new, is not among those of running processes \(2\)"):
        await _hold(kept, "new", "old")
    await other.release()
    await running.release()
    await _hold(kept, "old", "new")  # added last everywhere, and then it may come first
    await _hold(kept, "new", "old")


async def test_a_process_that_died_without_a_word_is_waited_for_only_a_while(kept: KeptByPostgres) -> None:
    await _hold(kept, "old")
    await kept.rows("UPDATE key_holder SET seen_at = now() - interval '39 seconds' RETURNING 1")
    with pytest.raises(KeyNotShared):
        await _hold(kept, "new", "old")
    await kept.rows("UPDATE key_holder SET seen_at = now() - interval '41 seconds' RETURNING 1")
    await _hold(kept, "new", "old")


async def test_another_key_of_the_same_id_is_refused(kept: KeptByPostgres) -> None:
    await (await _hold(kept, "old")).release()
    await _hold(kept, "old")
    with pytest.raises(KeysDiffer, match=r"not the keys of these ids that were used to seal: old"):
        await hold_keys(kept.pool, KeyRing({"old": KEYS["new"]}))


async def test_another_key_is_refused_also_where_only_rows_can_tell(kept: KeptByPostgres) -> None:
    await store_everything(kept)
    await kept.rows("INSERT INTO encryption_key (key_id) VALUES ('test') RETURNING 1")
    with pytest.raises(KeysDiffer):
        await hold_keys(kept.pool, KeyRing({"test": KEYS["new"]}))
    await store_everything(kept, "other", suffix="-2")
    await kept.rows("UPDATE expert SET person = person || 'x' WHERE expert_id = 'other' RETURNING 1")
    await _hold(kept, "test")  # one row is damaged, and another one proves the key all the same
    (proven,) = await kept.rows("SELECT proof FROM encryption_key")
    assert isinstance(proven["proof"], bytes)
    assert _ring("test").open(proven["proof"], context=place("encryption_key", "test", column="proof")) == b""


async def test_what_rows_were_sealed_with_before_counts_as_used(empty_dsn: str, tmp_path: Path) -> None:
    for file in MIGRATIONS.glob("*.sql"):
        if file.name < "0019":
            shutil.copy(file, tmp_path)
    await migrate(empty_dsn, folder=tmp_path)
    async with await AsyncConnection.connect(empty_dsn, autocommit=True) as connection:
        for name in ("old", "test", "old", ""):
            sealed = _ring(name).seal(b"secret", context="anywhere") if name else b""
            await connection.execute(
                "INSERT INTO expert VALUES (gen_random_uuid()::text, 'PRO', 'UTC', %(sealed)s)",
                {"sealed": sealed},
            )
    await migrate(empty_dsn)
    async with open_pool(empty_dsn, min_size=1) as pool:
        with pytest.raises(KeysMissing) as refused:
            await hold_keys(pool, _ring("new", "test"))
    assert refused.value.rows == {"old": 2}
