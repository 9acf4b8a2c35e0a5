"""Sealing everything anew while others write: all of it, and nothing but the seals."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from adapters.crypto import KeyRing
from adapters.postgres.keys import rotation
from adapters.postgres.keys.key_counts import count_keys, rows_by_key
from adapters.postgres.keys.rotation import Rotation, Step
from adapters.postgres.keys.sealed_tables import SEALED
from adapters.postgres.pool import STATEMENT_TIMEOUT
from adapters.postgres.store import PostgresStore
from domain.expert import Expert
from tests.builders import an_expert
from tests.support.everything import store_departed, store_everything
from tests.support.stores import KeptByPostgres

OLD, NEW = bytes(range(32)), hashlib.sha256(b"new").digest()
RING = KeyRing({"new": NEW, "test": OLD})
ROWS_OF_ONE = 8


async def _rotate(kept: KeptByPostgres, ring: KeyRing = RING) -> list[Step]:
    return [step async for step in Rotation(kept.pool, ring, pace=0).run()]


def _total(steps: list[Step], what: str) -> int:
    return sum(getattr(step, what) for step in steps)


async def _keys(kept: KeptByPostgres) -> dict[str, int]:
    async with kept.pool.connection() as connection:
        return dict(rows_by_key(await count_keys(connection, within=STATEMENT_TIMEOUT)))


async def _everything_else(kept: KeptByPostgres) -> dict[str, list[str]]:
    """All rows of all tables as text, without their sealed columns."""
    sealed = {table.name: table.columns for table in SEALED}
    tables = await kept.rows("SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public'")
    found = {}
    for name in sorted(str(one["name"]) for one in tables):
        without = " ".join(f"- '{column}'" for column in sealed.get(name, ()))
        rows = await kept.rows(f'SELECT (to_jsonb(t) {without})::text AS row FROM "{name}" AS t ORDER BY 1')
        found[name] = [str(row["row"]) for row in rows]
    return found


async def _experts(kept: KeptByPostgres, number: int) -> list[Expert]:
    experts = [an_expert(f"expert-{n:02}", email=f"{n}@experts.example") for n in range(number)]
    async with kept.transaction() as tx:
        for one in experts:
            await tx.experts.put(one)
    return experts


async def test_everything_is_sealed_with_the_first_key_and_nothing_else_changes(kept: KeptByPostgres) -> None:
    await store_everything(kept, suffix="-1")
    await store_everything(kept, "other", suffix="-2")
    before = await _everything_else(kept)
    async with kept.hearing() as heard:
        steps = await _rotate(kept)
        assert await heard() == []
    assert (_total(steps, "resealed"), _total(steps, "missed"), _total(steps, "unreadable")) == (
        2 * ROWS_OF_ONE,
        0,
        0,
    )
    assert await _keys(kept) == {"new": 2 * ROWS_OF_ONE}
    assert await _everything_else(kept) == before, "no version, no change, no job, no due time"
    assert await _rotate(kept) == []


async def test_what_was_sealed_anew_says_the_same(kept: KeptByPostgres) -> None:
    experts = await _experts(kept, 3)
    await _rotate(kept)
    alone = replace(
        kept, store=PostgresStore(pool=kept.pool, cipher=KeyRing({"new": NEW}), who_acts=kept.who_acts)
    )
    async with alone.transaction() as tx:
        assert [await tx.experts.get(one.expert_id) for one in experts] == experts


async def test_no_sealed_column_is_forgotten(kept: KeptByPostgres) -> None:
    """Found in what is stored, not in any list: whatever begins as sealed values do."""
    await store_everything(kept)
    await store_departed(kept)
    columns = await kept.rows(
        """
        SELECT table_name::text AS name, column_name::text AS column FROM information_schema.columns
        WHERE table_schema = 'public' AND data_type = 'bytea'
        """
    )
    found = set()
    for one in columns:
        table, column = str(one["name"]), str(one["column"])
        if await kept.rows(f'SELECT FROM "{table}" WHERE sealing_key("{column}") = \'test\''):
            found.add((table, column))
    assert found == {(table.name, column) for table in SEALED for column in table.columns}


@pytest.mark.parametrize("number", [3, 4, 7])
async def test_tables_of_any_length_are_gone_through_to_the_end(
    kept: KeptByPostgres, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(rotation, "LOOKED_AT", 3)
    monkeypatch.setattr(rotation, "REPLACED", 2)
    await _experts(kept, number)
    assert _total(await _rotate(kept), "resealed") == number
    assert await _keys(kept) == {"new": number}


async def test_goes_on_where_it_was_killed(kept: KeptByPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "REPLACED", 2)
    await _experts(kept, 5)
    async for _ in Rotation(kept.pool, RING, pace=0).run():
        break
    assert await _keys(kept) == {"new": 2, "test": 3}
    assert _total(await _rotate(kept), "resealed") == 3


async def test_two_at_once_do_no_harm(kept: KeptByPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "REPLACED", 2)
    experts = await _experts(kept, 9)
    both = await asyncio.gather(_rotate(kept), _rotate(kept))
    assert sum(_total(steps, "resealed") for steps in both) == 9
    async with PostgresStore(
        pool=kept.pool, cipher=KeyRing({"new": NEW}), who_acts=kept.who_acts
    ).transaction() as tx:
        assert [await tx.experts.get(one.expert_id) for one in experts] == experts


class _Meddled(KeyRing):
    """Somebody writes at the very moment between reading and replacing."""

    meddle: Callable[[], None] | None = None

    def open(self, sealed: bytes, *, context: str) -> bytes:
        meddle, self.meddle = self.meddle, None
        if meddle is not None:
            meddle()
        return super().open(sealed, context=context)


async def test_what_is_written_meanwhile_is_not_lost(kept: KeptByPostgres, dsn: str) -> None:
    await _experts(kept, 2)
    later = an_expert("expert-01", email="later@experts.example")
    context = '["expert", "expert-01", "person"]'
    sealed = KeyRing({"test": OLD}).seal(
        b'{"email": "later@experts.example", "display_name": "Maria Keller"}', context=context
    )

    def meddle() -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(
                "UPDATE expert SET person = %(sealed)s WHERE expert_id = 'expert-01'", {"sealed": sealed}
            )

    ring = _Meddled({"new": NEW, "test": OLD})
    ring.meddle = meddle
    steps = await _rotate(kept, ring)
    assert (_total(steps, "resealed"), _total(steps, "missed")) == (2, 1)
    async with PostgresStore(
        pool=kept.pool, cipher=KeyRing({"new": NEW}), who_acts=kept.who_acts
    ).transaction() as tx:
        assert await tx.experts.get(later.expert_id) == later


async def test_a_row_that_somebody_holds_is_waited_for_by_nobody_and_done_later(kept: KeptByPostgres) -> None:
    await _experts(kept, 3)
    async with kept.pool.connection() as other:
        await other.execute("BEGIN")
        await other.execute("SELECT FROM expert WHERE expert_id = 'expert-01' FOR NO KEY UPDATE")
        steps: list[Step] = []
        async for step in Rotation(kept.pool, RING, pace=0).run():
            if not steps:
                await other.execute("ROLLBACK")
            steps.append(step)
    assert [(step.resealed, step.missed) for step in steps] == [(2, 1), (1, 0)]


async def test_what_opens_with_no_key_is_left_as_it_is_and_counted(kept: KeptByPostgres) -> None:
    await _experts(kept, 3)
    lost = KeyRing({"lost": hashlib.sha256(b"lost").digest()}).seal(b"", context="anywhere")
    for expert_id, value in (("expert-00", lost), ("expert-01", b"never sealed")):
        await kept.rows(
            "UPDATE expert SET person = %(value)s WHERE expert_id = %(expert_id)s RETURNING 1",
            value=value,
            expert_id=expert_id,
        )
    steps = await _rotate(kept)
    assert (_total(steps, "resealed"), _total(steps, "unreadable")) == (1, 2)
    rows = await kept.rows("SELECT person FROM expert ORDER BY expert_id LIMIT 2")
    assert [row["person"] for row in rows] == [lost, b"never sealed"]
