"""Whether open incidents, and what waits because of them, are found by their indexes."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from adapters.postgres.incidents import PostgresIncidents
from adapters.postgres.pool import Connection, open_pool
from application.ports.incidents import IncidentPosition
from domain.ids import ExpertId, IncidentId
from tests.builders import NOW
from tests.integration.test_postgres_plans import SameDetails
from tests.support.postgres import new_database

MANY = (
    "INSERT INTO expert SELECT 'expert-' || n, 'PRO', 'UTC', '' FROM generate_series(1, 5000) AS n",
    """
    INSERT INTO account SELECT 'account-' || n, 'expert-' || n, 'MICROSOFT', 't', 'o', 'WORK', 'ACTIVE', '', now(), 1
    FROM generate_series(1, 5000) AS n
    """,
    """
    INSERT INTO incident (incident_id, account_id, expert_id, token_hash, token, opened_at, closed_at, notices,
        mail_failures)
    SELECT 'incident-' || n || '-' || part, 'account-' || n, 'expert-' || n, sha256((n || '-' || part)::bytea), '',
        %(now)s - n * interval '1 hour', CASE WHEN part > 1 OR n > 1000 THEN %(now)s END, 1, 0
    FROM generate_series(1, 5000) AS n, generate_series(1, 3) AS part
    """,
    """
    INSERT INTO session (expert_id, session_id, starts_at, ends_at, details, cancelled, revision, written_revision,
        status, hindrance, failures, copies)
    SELECT 'expert-' || n, 'session-' || part, %(now)s, %(now)s + interval '1 hour', '', false, 1, 0,
        CASE WHEN part = 1 THEN 'WAITING' ELSE 'WRITTEN' END,
        CASE WHEN part = 1 THEN 'RECONNECT_REQUIRED' END, 0, 0
    FROM generate_series(1, 5000) AS n, generate_series(1, 10) AS part
    """,
    "ANALYZE",
)
WHOLE = {f"{table} as a whole" for table in ("incident", "account", "session")}


@pytest_asyncio.fixture(scope="module")
async def crowded(
    postgres_server: str, postgres_admin: AsyncConnection, migrated_template: str
) -> AsyncIterator[Connection]:
    """A connection to a database with 1,000 open incidents and 14,000 closed ones."""
    async with (
        new_database(postgres_admin, template=migrated_template) as name,
        open_pool(make_conninfo(postgres_server, dbname=name), min_size=1, max_size=1) as pool,
        pool.connection() as connection,
    ):
        for statement in MANY:
            await connection.execute(statement, {"now": NOW} if "%(now)s" in statement else None)
        yield connection


@pytest.mark.parametrize(
    ("of", "after", "index"),
    [
        (None, None, "incident_open"),
        (None, IncidentPosition(NOW, IncidentId("x")), "incident_open"),
        (ExpertId("expert-7"), None, "incident_open_by_expert"),
    ],
    ids=["of all", "next page", "of one"],
)
async def test_is_answered_from_an_index(
    crowded: Connection, of: ExpertId | None, after: IncidentPosition | None, index: str
) -> None:
    incidents = PostgresIncidents(connection=crowded, cipher=SameDetails())
    before = await _scans(crowded)
    found = await incidents.open(of, after=after, now=NOW, limit=50)
    used = {name for name, count in (await _scans(crowded)).items() if count > before[name]}
    assert not WHOLE & used
    assert index in used
    if found:
        assert "session_waiting" in used
        assert all(one.sessions_at_risk == 1 for one in found)
    assert bool(found) == (after is None)


async def _scans(connection: Connection) -> dict[str, int]:
    await connection.execute("SELECT pg_stat_force_next_flush()")
    cursor = await connection.execute(
        """
        SELECT indexrelname AS name, idx_scan AS scans FROM pg_stat_user_indexes
        UNION ALL SELECT relname || ' as a whole', seq_scan FROM pg_stat_user_tables
        """
    )
    return {str(row["name"]): int(row["scans"]) async for row in cursor}
