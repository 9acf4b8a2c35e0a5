"""What renews the version of what is known of an expert: all that an answer shows, and nothing else."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import pytest_asyncio
from psycopg import AsyncConnection, sql

from adapters.postgres.known_times import KNOWN
from adapters.postgres.migrate import MIGRATIONS, migrate
from tests.builders import (
    CALENDAR,
    EXPERT,
    NOW,
    a_calendar,
    a_grant,
    a_hold,
    a_reading,
    a_reading_task,
    a_session,
    after,
    an_account,
    an_expert,
    an_interval,
)
from tests.support.stores import KeptByPostgres, choose_calendars, put_conflict_calendars, put_expert

KEYS = {
    ("account", "account_id"),
    ("account", "expert_id"),
    ("calendar", "calendar_id"),
    ("calendar_settings", "expert_id"),
    ("expert", "expert_id"),
    ("reading", "calendar_id"),
    ("reading", "expert_id"),
    ("reserved_time", "expert_id"),
    ("session", "expert_id"),
    ("session", "session_id"),
}
"""What rows are found by: no statement of ours changes it."""
OTHERWISE: Mapping[tuple[str, str], str] = {
    ("known_version", "expert_id"): "is the version",
    ("known_version", "version"): "is the version",
    ("reading_schedule", "calendar_id"): "a row comes and goes with its reading",
    ("reading_schedule", "expert_id"): "a row comes and goes with its reading",
    ("reading_schedule", "read_at"): "is asked for together with the version",
}
"""What the question reads that is in no trigger's condition, and why not."""
SHOWN_BY_READINGS = {"calendar"}
"""Whose rows are shown beside a reading only, which is added later and removed first."""

Columns = set[tuple[str, str]]


@pytest_asyncio.fixture
async def asked(kept: KeptByPostgres) -> Columns:
    """The tables and columns that the question reads, by PostgreSQL's own account of it."""
    question = re.sub(r"\$(\d)", lambda it: f"NULL::{KNOWN.types[int(it[1]) - 1]}", KNOWN.text)
    columns = re.sub(r"\s+", " ", ", ".join(f"c{number}" for number in range(24)))
    async with kept.pool.connection() as connection:
        await connection.execute(f"CREATE VIEW question ({columns}) AS {question}".encode())
    rows = await kept.rows(
        "SELECT table_name, column_name FROM information_schema.view_column_usage WHERE view_name = 'question'"
    )
    return {(str(row["table_name"]), str(row["column_name"])) for row in rows}


async def _conditions(kept: KeptByPostgres, event: int) -> dict[str, set[str]]:
    """By table: the columns in the condition of the trigger for the event, by its bit in pg_trigger.tgtype."""
    rows = await kept.rows(
        """
        SELECT relname, pg_get_triggerdef(pg_trigger.oid) AS definition
        FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid JOIN pg_class ON pg_class.oid = tgrelid
        WHERE proname LIKE 'renew_known_version%%' AND tgtype & %(event)s <> 0 AND tgdeferrable AND tginitdeferred
        """,
        event=event,
    )
    return {
        str(row["relname"]): set(re.findall(r"(?:old|new)\.(\w+)", str(row["definition"]))) for row in rows
    }


INSERT, DELETE, UPDATE = 4, 8, 16
HELD = a_hold(interval=an_interval(starts=100))


async def test_every_column_of_the_question_renews_the_version(kept: KeptByPostgres, asked: Columns) -> None:
    """Whoever adds a column to the question adds it to a trigger's condition by a migration, or says here why not."""
    watched = {
        (table, column) for table, columns in (await _conditions(kept, UPDATE)).items() for column in columns
    }
    assert watched | KEYS | OTHERWISE.keys() == asked


async def test_every_row_of_the_question_renews_the_version_when_it_comes_and_when_it_goes(
    kept: KeptByPostgres, asked: Columns
) -> None:
    tables = {table for table, _ in asked - OTHERWISE.keys()} - SHOWN_BY_READINGS - {"expert"}
    for event in (INSERT, DELETE):
        conditions = await _conditions(kept, event)
        assert conditions.keys() == tables
        assert {table: columns for table, columns in conditions.items() if columns} == {
            "calendar_settings": {"tentative_blocks"},
            "session": {"cancelled"},
            "reserved_time": {"hold_id"},
        }


async def _version(kept: KeptByPostgres, expert_id: str = EXPERT) -> object:
    rows = await kept.rows(
        "SELECT version::text FROM known_version WHERE expert_id = %(expert_id)s", expert_id=expert_id
    )
    return rows[0]["version"] if rows else None


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("expert", "time_zone", "Asia/Tokyo"),
        ("account", "provider", "OTHER"),
        ("account", "status", "RECONNECT_REQUIRED"),
        ("calendar", "remote_id", "other"),
        ("calendar", "missing", "true"),
        ("calendar", "account_id", "account-2"),
        ("calendar_settings", "tentative_blocks", "true"),
        ("reading", "window_start", "2027-01-01Z"),
        ("reading", "window_end", "2028-01-01Z"),
        ("reading", "zone", "Asia/Tokyo"),
        ("reading", "busy", "\\x00"),
        ("reading", "deviations", "[]"),
        ("session", "starts_at", "2027-01-01Z"),
        ("session", "ends_at", "2028-01-01Z"),
        ("session", "cancelled", "true"),
        ("reserved_time", "hold_id", "other"),
        ("reserved_time", "during", "[2028-01-01Z,2028-01-02Z)"),
        ("reserved_time", "expires_at", "2028-01-01Z"),
    ],
)
async def test_a_change_of_any_of_them_renews_it_and_the_same_value_does_not(
    kept: KeptByPostgres, table: str, column: str, value: str
) -> None:
    await _everything(kept)
    names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
    async with kept.pool.connection() as connection:
        before = await _version(kept)
        await connection.execute(sql.SQL("UPDATE {table} SET {column} = {column}").format(**names))
        assert await _version(kept) == before
        await connection.execute(
            sql.SQL("UPDATE {table} SET {column} = {value}").format(**names, value=sql.Literal(value))
        )
        assert await _version(kept) != before


async def _everything(kept: KeptByPostgres) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account("account-2"), a_grant())
        assert await tx.readings.store(a_reading_task(), a_reading(), due_at=NOW, now=NOW)
        await tx.sessions.add(a_session())
        await tx.reserved.hold(HELD, now=NOW)


async def test_what_no_answer_shows_does_not_renew_it(kept: KeptByPostgres) -> None:
    await _everything(kept)
    before = await _version(kept)
    async with kept.transaction() as tx:
        assert await tx.readings.store(
            a_reading_task(),
            a_reading(read_at=after(minutes=5)),
            due_at=after(minutes=10),
            now=after(minutes=5),
        )
        await tx.readings.mark(CALENDAR, after(minutes=6))
        await tx.sessions.add(a_session("cancelled", cancelled=True))
        await tx.sessions.save(a_session(revision=7))
        await tx.reserved.reserve(EXPERT, a_session().session_id, a_session().interval, now=NOW)
        await tx.reserved.give_back(EXPERT, a_session().session_id)
        await tx.calendars.save([a_calendar(CALENDAR), a_calendar("not-chosen")])
        await tx.accounts.save(an_account(email="new@example.com"))
        await tx.experts.put(an_expert(email="new@example.com"))
        await tx.reserved.remove_expired(HELD.expires_at, 10)
    assert await _version(kept) == before


async def test_a_hold_removed_beside_the_expired_ones_renews_it(kept: KeptByPostgres) -> None:
    await _everything(kept)
    before = await _version(kept)
    async with kept.transaction() as tx:
        await tx.reserved.remove_expired(NOW, 10)
        await tx.reserved.release(EXPERT, HELD.hold_id)
    assert await _version(kept) != before


async def test_a_version_goes_with_its_expert_and_is_another_when_they_are_made_again(
    kept: KeptByPostgres,
) -> None:
    await _everything(kept)
    before = await _version(kept)
    assert before is not None
    async with kept.transaction() as tx:
        await tx.experts.remove(EXPERT)
    assert await _version(kept) is None
    await put_expert(kept)
    assert await _version(kept) not in {None, before}


async def test_experts_from_before_and_those_of_the_version_before_have_one(
    empty_dsn: str, tmp_path: Path
) -> None:
    for file in sorted(MIGRATIONS.glob("*.sql"))[:11]:
        (tmp_path / file.name).symlink_to(file)
    await migrate(empty_dsn, folder=tmp_path)
    put = "INSERT INTO expert VALUES (%s, 'PRO', 'UTC', '')"
    async with await AsyncConnection.connect(empty_dsn, autocommit=True) as connection:
        await connection.execute(put, ["from-before"])
        await migrate(empty_dsn)
        await connection.execute(put, ["later"])
        cursor = await connection.execute("SELECT expert_id FROM known_version ORDER BY expert_id")
        assert await cursor.fetchall() == [("from-before",), ("later",)]


async def test_an_expert_erased_and_made_again_in_one_transaction_has_one(kept: KeptByPostgres) -> None:
    await _everything(kept)
    before = await _version(kept)
    async with kept.transaction() as tx:
        await tx.experts.remove(EXPERT)
        await tx.experts.put(an_expert())
    assert await _version(kept) not in {None, before}


async def test_only_those_it_concerns_have_another_version(kept: KeptByPostgres) -> None:
    await _everything(kept)
    await put_expert(kept, an_expert("other"))
    before, mine = await _version(kept, "other"), await _version(kept)
    async with kept.transaction() as tx:
        await tx.sessions.add(a_session("another", interval=an_interval(starts=30)))
    await choose_calendars(kept, version=1)
    assert await _version(kept, "other") == before
    assert await _version(kept) != mine


async def test_it_is_renewed_when_the_transaction_ends_and_once(kept: KeptByPostgres) -> None:
    """Its row is locked last, by whoever changes what."""
    await put_expert(kept)
    before = await _version(kept)
    async with kept.transaction() as tx:
        for number in range(3):
            await tx.sessions.add(a_session(f"session-{number}", interval=an_interval(starts=number)))
        async with kept.pool.connection() as other:
            await other.execute("SELECT FROM known_version FOR UPDATE NOWAIT")
    rows = await kept.rows(
        "SELECT version <> %(before)s::xid8 AS renewed, version::xid = xmin AS last FROM known_version",
        before=before,
    )
    assert rows == [{"renewed": True, "last": True}]
