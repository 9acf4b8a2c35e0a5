"""Nobody changes the audit log, and however long it is, looking into it and shortening it cost the same."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import psycopg
import pytest
import pytest_asyncio
from psycopg.conninfo import make_conninfo

from adapters.postgres.audit_log import PostgresAuditLog
from adapters.postgres.pool import Connection, open_pool
from domain.audit import Act, AuditAction, AuditPosition
from domain.ids import ExpertId
from tests.builders import ACCOUNT, EXPERT, NOW, SESSION, after
from tests.fakes.audit_log import FakeWhoActs
from tests.support.postgres import new_database
from tests.support.stores import KeptByPostgres, put_expert

MANY = (
    "INSERT INTO expert SELECT 'expert-' || n, 'PRO', 'UTC', '' FROM generate_series(1, 1000) AS n",
    """
    INSERT INTO audit_entry (at, actor, actor_name, action, subject)
    SELECT timestamptz '2020-01-01' + n * interval '1 minute', 'WORKER', '', 'GRANT_USED', subject
    FROM generate_series(1, 20) AS n, audit_subject
    """,
    "ANALYZE",
)
ACT = Act(action=AuditAction.EVENT_WRITTEN, at=NOW, expert_id=EXPERT, account_id=ACCOUNT, session_id=SESSION)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor = 'CALLER'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "TRUNCATE expert CASCADE; TRUNCATE audit_entry CASCADE",
    ],
)
async def test_entries_are_neither_changed_nor_removed(kept: KeptByPostgres, statement: str) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.audit.add(ACT)
    async with kept.pool.connection() as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            await connection.execute(statement.encode())
    async with kept.transaction() as tx:
        assert [one.act for one in await tx.audit.page(limit=10)] == [ACT]


async def test_no_young_entry_is_forgotten_whatever_is_asked_for(kept: KeptByPostgres) -> None:
    await put_expert(kept)
    (row,) = await kept.rows("SELECT now() AS now")
    young = row["now"]
    assert isinstance(young, datetime)
    young -= timedelta(days=29)
    async with kept.transaction() as tx:
        await tx.audit.add(Act(action=AuditAction.EXPERT_EXPORTED, at=young, expert_id=EXPERT))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with kept.transaction() as tx:
            await tx.audit.forget_before(young + timedelta(days=1))
    async with kept.transaction() as tx:
        assert len(await tx.audit.page(limit=10)) == 1


async def test_what_an_entry_names_stands_nowhere_in_it(kept: KeptByPostgres) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.audit.add(ACT)
    (row,) = await kept.rows("SELECT * FROM audit_entry")
    stored = " ".join(str(value) for value in row.values())
    assert [one for one in (EXPERT, ACCOUNT, SESSION) if one in stored] == []


@pytest_asyncio.fixture(scope="module")
async def crowded(
    postgres_server: str, postgres_admin: psycopg.AsyncConnection, migrated_template: str
) -> AsyncIterator[Connection]:
    """A connection to a database with 20,000 entries about 1,000 experts."""
    async with (
        new_database(postgres_admin, template=migrated_template) as name,
        open_pool(make_conninfo(postgres_server, dbname=name), min_size=1, max_size=1) as pool,
        pool.connection() as connection,
    ):
        for statement in MANY:
            await connection.execute(statement.encode())
        yield connection


@pytest.mark.parametrize(
    ("of", "after_", "index"),
    [
        (None, None, "audit_entry_by_time"),
        (None, AuditPosition(after(days=-3000), 7), "audit_entry_by_time"),
        (ExpertId("expert-7"), None, "audit_entry_by_subject"),
    ],
)
async def test_a_page_is_read_from_an_index(
    crowded: Connection, of: ExpertId | None, after_: AuditPosition | None, index: str
) -> None:
    log = PostgresAuditLog(connection=crowded, who_acts=FakeWhoActs())
    before = await _scans(crowded)
    assert await log.page(of=of, after=after_, until=NOW, limit=10)
    used = {name for name, count in (await _scans(crowded)).items() if count > before[name]}
    assert index in used
    assert "audit_entry as a whole" not in used


async def test_the_oldest_are_found_by_an_index(crowded: Connection) -> None:
    log = PostgresAuditLog(connection=crowded, who_acts=FakeWhoActs())
    before = await _scans(crowded)
    assert await log.forget_before(NOW, 100) == 100
    used = {name for name, count in (await _scans(crowded)).items() if count > before[name]}
    assert "audit_entry_by_time" in used
    assert "audit_entry as a whole" not in used


async def _scans(connection: Connection) -> dict[str, int]:
    await connection.execute("SELECT pg_stat_force_next_flush()")
    cursor = await connection.execute(
        """
        SELECT indexrelname AS name, idx_scan AS scans FROM pg_stat_user_indexes
        UNION ALL SELECT relname || ' as a whole', seq_scan FROM pg_stat_user_tables
        """
    )
    return {str(row["name"]): int(row["scans"]) async for row in cursor}
