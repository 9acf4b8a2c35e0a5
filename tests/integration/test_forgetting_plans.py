"""Whether forgetting costs what it forgets, however much is kept; and that it disturbs nobody."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from adapters.postgres.accounts import PostgresAccounts
from adapters.postgres.forgotten_sessions import FORGET, forget_sessions
from adapters.postgres.incidents import PostgresIncidents
from adapters.postgres.pool import Connection, open_pool
from domain.interval import Interval
from domain.writing import MOST_TIMES
from tests.builders import EXPERT, NOW, a_grant, after, an_account, an_expert
from tests.contract.test_forgotten_sessions import OVER, a_written_session
from tests.fakes.cipher import FakeCipher
from tests.support.postgres import new_database
from tests.support.stores import Kept, KeptByPostgres, put_expert

MANY = """
    INSERT INTO expert SELECT 'e' || e, 'PRO', 'UTC', '' FROM generate_series(1, 1000) AS e;
    INSERT INTO account (account_id, expert_id, provider, tenant_id, object_id, kind, status, person, connected_at,
            grant_version)
        SELECT 'a' || e, 'e' || e, 'MICROSOFT', 't', 'o' || e, 'WORK', 'ACTIVE', '', now(), 1
        FROM generate_series(1, 1000) AS e;
    INSERT INTO calendar SELECT account_id || '-' || c, account_id, 'remote' || c, '', '', c = 1, true, false, false
        FROM account, generate_series(1, 2) AS c;
    INSERT INTO reading (calendar_id, expert_id) SELECT calendar_id, expert_id FROM calendar
        JOIN account USING (account_id);
    INSERT INTO former_account SELECT expert_id || '-' || a, expert_id, 'MICROSOFT', 't', 'o' || a
        FROM expert, generate_series(1, 2) AS a;
    INSERT INTO session (expert_id, session_id, starts_at, ends_at, details, cancelled, revision, written_revision,
            status, due_at, failures, copies, copy_account_id, copy_calendar_id, copy_remote_calendar_id, copy_mark,
            copy_times)
        SELECT 'e' || e, 's' || s, begins, begins + interval '1 hour', '', s = 9, 1, 1,
            CASE WHEN s = 10 THEN 'WAITING' ELSE 'WRITTEN' END,
            CASE WHEN s = 10 THEN now() END, 0, 1, 'a' || e, 'c', 'r', 'mark-' || s,
            ARRAY[tstzrange(begins, begins + interval '1 hour')]
        FROM generate_series(1, 1000) AS e, generate_series(1, 10) AS s,
            LATERAL (SELECT timestamptz '2027-03-01 12:00Z' + (s - 5) * interval '30 days') AS begin (begins);
    INSERT INTO session_mark (expert_id, mark, session_id) SELECT expert_id, copy_mark, session_id FROM session;
    INSERT INTO reserved_time (expert_id, session_id, during)
        SELECT expert_id, session_id, tstzrange(starts_at, ends_at) FROM session WHERE session_id = 's1';
    INSERT INTO incident (incident_id, account_id, expert_id, token_hash, token, opened_at, closed_at, notices,
            mail_failures)
        SELECT 'i' || e || '-' || i, 'a' || e, 'e' || e, sha256((e || '-' || i)::bytea), '', now(),
            timestamptz '2027-03-01 12:00Z' + (i - 3) * interval '1 day', 1, 0
        FROM generate_series(1, 1000) AS e, generate_series(1, 4) AS i;
    """
OLD = after(days=-100)
"""Before it one in ten sessions was over."""
STEP = 200
MOST_BLOCKS = 60 * STEP
"""Of 8 kB: some dozens for each session, with its mark, all indexes and the looks at experts and readings."""


@pytest_asyncio.fixture(scope="module")
async def crowded(
    postgres_server: str, postgres_admin: AsyncConnection, migrated_template: str
) -> AsyncIterator[Connection]:
    """A connection to a database with 10,000 sessions and 4,000 closed incidents."""
    async with (
        new_database(postgres_admin, template=migrated_template) as name,
        open_pool(make_conninfo(postgres_server, dbname=name), min_size=1, max_size=1) as pool,
        pool.connection() as connection,
    ):
        await connection.execute(MANY)
        yield connection


async def _scans(connection: Connection) -> dict[str, int]:
    await connection.execute("SELECT pg_stat_force_next_flush()")
    cursor = await connection.execute(
        """
        SELECT indexrelname AS name, idx_scan AS scans FROM pg_stat_user_indexes
        UNION ALL SELECT relname || ' as a whole', seq_scan FROM pg_stat_user_tables
        """
    )
    return {str(row["name"]): int(row["scans"]) async for row in cursor}


async def _used(connection: Connection, before: dict[str, int]) -> set[str]:
    return {name for name, count in (await _scans(connection)).items() if count > before[name]}


@pytest.mark.parametrize("analyzed", [False, True], ids=["no statistics", "statistics"])
async def test_sessions_are_found_and_removed_by_their_indexes(crowded: Connection, analyzed: bool) -> None:
    if analyzed:
        await crowded.execute("ANALYZE")
    before = await _scans(crowded)
    async with crowded.transaction(force_rollback=True):
        cursor = await crowded.execute(
            b"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + FORGET.encode(), {"before": OLD, "limit": STEP}
        )
        (row,) = await cursor.fetchall()
    plan = row["QUERY PLAN"][0]["Plan"]
    assert plan["Actual Rows"] == STEP
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= MOST_BLOCKS
    used = await _used(crowded, before)
    assert {"session_done_with", "session_mark_by_session"} <= used
    assert not {name for name in used if name.endswith("as a whole")}


async def test_where_nothing_is_old_next_to_nothing_is_looked_at(crowded: Connection) -> None:
    cursor = await crowded.execute(
        b"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + FORGET.encode(),
        {"before": after(days=-36_500), "limit": STEP},
    )
    (row,) = await cursor.fetchall()
    plan = row["QUERY PLAN"][0]["Plan"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= 10


async def test_incidents_and_former_accounts_are_found_by_their_indexes(crowded: Connection) -> None:
    before = await _scans(crowded)
    async with crowded.transaction(force_rollback=True):
        incidents = PostgresIncidents(connection=crowded, cipher=FakeCipher())
        accounts = PostgresAccounts(connection=crowded, cipher=FakeCipher())
        assert await incidents.forget_closed(NOW, STEP) == STEP
        whose = await forget_sessions(crowded, OLD, STEP)
        assert await accounts.forget_former(whose, after(days=36_500)) > 0
    used = await _used(crowded, before)
    assert {"incident_closed", "former_account_by_identity"} <= used
    assert not {name for name in used if name.endswith("as a whole")}


async def test_an_event_at_each_of_its_times_keeps_its_session(kept: KeptByPostgres) -> None:
    """The database looks at as many as the domain remembers."""
    await put_expert(kept)
    for place in range(MOST_TIMES):
        times = [OVER] * MOST_TIMES
        times[place] = Interval(NOW, after(hours=1))
        session = a_written_session(f"session-{place}")
        assert session.copy is not None
        async with kept.transaction() as tx:
            await tx.sessions.add(replace(session, copy=replace(session.copy, times=tuple(times))))
    assert await _forget(kept) == 0


async def _put_old_session(kept: Kept) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        assert await tx.sessions.add(a_written_session())


async def _forget(kept: Kept) -> int:
    async with kept.transaction() as tx:
        return len(await tx.sessions.forget(NOW, 10))


async def test_a_session_that_somebody_holds_is_left_for_later(kept: KeptByPostgres) -> None:
    await _put_old_session(kept)
    async with kept.transaction() as other:
        await other.sessions.lock(EXPERT, a_written_session().session_id)
        assert await _forget(kept) == 0
    assert await _forget(kept) == 1


async def test_an_expert_who_is_being_erased_is_waited_for_by_nobody(kept: KeptByPostgres) -> None:
    await _put_old_session(kept)
    async with kept.transaction() as other:
        await other.experts.remove(EXPERT)
        assert await _forget(kept) == 0


async def test_whoever_erases_the_expert_meanwhile_waits_and_goes_on(kept: KeptByPostgres) -> None:
    await _put_old_session(kept)
    async with kept.transaction() as tx:
        await tx.reserved.reserve(EXPERT, a_written_session().session_id, OVER, now=after(days=-1))

    async def erase() -> None:
        async with kept.transaction() as tx:
            await tx.experts.remove(EXPERT)

    async with kept.transaction() as tx:
        erasing = asyncio.create_task(erase())
        assert len(await tx.sessions.forget(NOW, 10)) == 1
    async with asyncio.timeout(5):
        await erasing


async def test_no_version_is_renewed_for_a_time_that_nobody_keeps(kept: KeptByPostgres) -> None:
    await put_expert(kept, an_expert(), an_expert("other"))
    async with kept.transaction() as tx:
        for expert_id in (EXPERT, "other"):
            await tx.sessions.add(a_written_session(expert_id=expert_id))
    versions = "SELECT expert_id, version::text FROM known_version ORDER BY expert_id"
    before = await kept.rows(versions)
    assert await _forget(kept) == 2
    assert await kept.rows(versions) == before


async def test_an_account_that_was_removed_lately_is_kept(kept: KeptByPostgres) -> None:
    """A session may be about to begin an event there."""
    await put_expert(kept)
    account = an_account()
    async with kept.transaction() as tx:
        await tx.accounts.add(account, a_grant())
        await tx.accounts.remove(account.account_id)
    (row,) = await kept.rows("SELECT former_since FROM former_account")
    since = row["former_since"]
    assert isinstance(since, datetime)
    async with kept.transaction() as tx:
        assert await tx.accounts.forget_former([EXPERT], since) == 0
        assert await tx.accounts.forget_former([EXPERT], since + timedelta(seconds=1)) == 1
