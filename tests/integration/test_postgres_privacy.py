"""What a thief of the database, or of its backup, finds."""

import struct

import pytest
from psycopg import sql

from adapters.postgres.keys.sealed_tables import SEALED
from adapters.postgres.moving.departures import PostgresDepartures
from application.ports.cipher import SealBroken
from domain.ids import ExpertId
from tests.builders import (
    NOW,
    a_deviation,
    a_reading,
    a_reading_task,
    a_session,
    after,
    an_expert,
    an_interval,
)
from tests.support.everything import DEPARTED, store_departed
from tests.support.filled import SECRETS, store_everything
from tests.support.stores import KeptByPostgres, put_conflict_calendars


async def _everything_stored(kept: KeptByPostgres) -> str:
    """All rows of all tables as text, bytes both in hex and as they are."""
    tables = await kept.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    return "\n".join([await _table_as_text(kept, str(table["tablename"])) for table in tables])


async def _table_as_text(kept: KeptByPostgres, table: str) -> str:
    async with kept.pool.connection() as connection:
        rows = await connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
        return "\n".join([f"{table}: " + " ".join(map(_as_text, row.values())) async for row in rows])


def _as_text(value: object) -> str:
    return f"{value.hex()} {value!r}" if isinstance(value, bytes) else str(value)


async def test_a_stolen_database_shows_no_secret_and_no_personal_data(kept: KeptByPostgres) -> None:
    await store_everything(kept)
    await store_departed(kept)
    stored = await _everything_stored(kept)
    tables = (
        "expert",
        "account_grant",
        "connection_attempt",
        "pending_connection",
        "calendar",
        "session_mark",
        "incident",
        "reading",
    )
    for table in (*tables, "subscription", "reserved_time", "change"):
        assert f"{table}: " in stored
    assert [secret for secret in SECRETS if secret in stored or secret.encode().hex() in stored] == []


@pytest.mark.parametrize(
    ("table", "column"),
    [(table.name, column) for table in SEALED for column in table.columns],
)
async def test_what_is_sealed_for_one_row_opens_in_no_other(
    kept: KeptByPostgres, table: str, column: str
) -> None:
    await store_everything(kept, suffix="-1")
    await store_everything(kept, "other", suffix="-2")
    await store_departed(kept, "-1")
    await store_departed(kept, "-2")
    async with kept.pool.connection() as connection:
        swap = sql.SQL(
            "UPDATE {table} AS one SET {column} = other.{column} FROM {table} AS other "
            "WHERE one <> other AND one.{column} IS NOT NULL AND other.{column} IS NOT NULL"
        )
        await connection.execute(swap.format(table=sql.Identifier(table), column=sql.Identifier(column)))
    with pytest.raises(SealBroken):
        await _read_everything(kept)


async def test_what_is_sealed_for_one_column_opens_in_no_other(kept: KeptByPostgres) -> None:
    await store_everything(kept, suffix="-1")
    async with kept.pool.connection() as connection:
        await connection.execute("UPDATE connection_attempt SET return_url = flow, flow = return_url")
    with pytest.raises(SealBroken):
        await _read_everything(kept)


async def _read_everything(kept: KeptByPostgres) -> None:
    expert_id = an_expert().expert_id
    async with kept.transaction() as tx:
        await tx.experts.get(expert_id)
        for account in await tx.accounts.of_expert(expert_id):
            await tx.incidents.open_of(account.account_id)
            await kept.vault.load(account.account_id)
        await tx.calendars.of_expert(expert_id)
        await tx.sessions.get(expert_id, a_session("session-1").session_id)
        await tx.attempts.take("state-of-mia-1")
        await tx.pending.lock(expert_id, "confirm-token-of-mia-1")
    departures = PostgresDepartures(pool=kept.pool, cipher=kept.store.cipher)
    await departures.departed(ExpertId(f"{DEPARTED}-1"))


async def test_what_was_not_tampered_with_can_be_read(kept: KeptByPostgres) -> None:
    await store_everything(kept, suffix="-1")
    await _read_everything(kept)


async def test_a_reading_holds_times_and_nothing_of_an_event(kept: KeptByPostgres) -> None:
    await store_everything(kept, suffix="-1")
    (row,) = await kept.rows("SELECT * FROM reading")
    assert sorted(row) == [
        "busy",
        "calendar_id",
        "deviations",
        "due_at",
        "expert_id",
        "failures",
        "marks",
        "read_at",
        "window_end",
        "window_start",
        "zone",
    ]
    times = [after(hours=hours) for hours in (3, 4, 5, 6)]
    assert row["busy"] == struct.pack("<4q", *(int(time.timestamp()) * 1_000_000 for time in times))


async def test_of_an_event_of_ours_that_was_moved_a_reading_holds_its_session_and_its_times(
    kept: KeptByPostgres,
) -> None:
    await put_conflict_calendars(kept)
    moved = a_deviation(at=an_interval(starts=26), blocks=an_interval(starts=26))
    async with kept.transaction() as tx:
        await tx.readings.store(a_reading_task(), a_reading(deviations=[moved]), due_at=NOW, now=NOW)
    (row,) = await kept.rows("SELECT deviations FROM reading")
    times = [int(after(hours=hours).timestamp()) * 1_000_000 for hours in (26, 27)]
    assert row["deviations"] == [
        {
            "session_id": "session-1",
            "revision": 1,
            "kind": "MOVED",
            "at": times,
            "blocks": times,
            "tell": True,
        }
    ]
