"""Whether looking for other organisations, and other people, stays small, however many accounts one of them has."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from adapters.postgres.accounts import PostgresAccounts
from adapters.postgres.pool import Connection, open_pool
from tests.builders import NOW, an_identity
from tests.fakes.cipher import FakeCipher
from tests.support.postgres import new_database

MANY_ACCOUNTS = """
    INSERT INTO account (account_id, expert_id, provider, tenant_id, object_id, kind, status, person, connected_at,
        grant_version)
    SELECT tenant || number, 'expert-1', 'MICROSOFT', tenant, number::text, 'WORK', 'ACTIVE', '', %(now)s, 1
    FROM unnest(ARRAY['a', 'crowd', 'x', 'y', 'z']) AS tenant,
        LATERAL generate_series(1, CASE tenant WHEN 'crowd' THEN 20000 ELSE 1 END) AS number
    """


@pytest_asyncio.fixture(scope="module")
async def crowded(
    postgres_server: str, postgres_admin: AsyncConnection, migrated_template: str
) -> AsyncIterator[Connection]:
    """A connection to a database with 20,000 accounts of one organisation, and four of others."""
    async with (
        new_database(postgres_admin, template=migrated_template) as name,
        open_pool(make_conninfo(postgres_server, dbname=name), min_size=1, max_size=1) as pool,
        pool.connection() as connection,
    ):
        await connection.execute("INSERT INTO expert VALUES ('expert-1', 'PRO', 'UTC', '')")
        await connection.execute(MANY_ACCOUNTS, {"now": NOW})
        await connection.execute("ANALYZE")
        yield connection


@pytest.mark.parametrize(("tenant", "found"), [("crowd", ("x1", "y1", "z1")), ("z", ("a1", "crowd", "x1"))])
async def test_reads_a_row_for_each_organisation_it_finds(
    crowded: Connection, tenant: str, found: tuple[str, ...]
) -> None:
    accounts = PostgresAccounts(connection=crowded, cipher=FakeCipher())
    before = await _rows_read(crowded)
    others = await accounts.working_elsewhere(an_identity(tenant_id=tenant), limit=3)
    assert [one.startswith(name) for one, name in zip(others, found, strict=True)] == [True] * 3
    assert await _rows_read(crowded) - before <= 4


@pytest.mark.parametrize(
    ("tenant", "number", "found"),
    [
        ("crowd", "17", ["crowd170", "crowd1700", "crowd17000"]),
        ("z", "1", ["a1", "crowd1", "crowd10"]),
        ("y", "1", ["z1", "a1", "crowd1"]),
    ],
)
async def test_reads_a_row_for_each_person_it_finds(
    crowded: Connection, tenant: str, number: str, found: list[str]
) -> None:
    accounts = PostgresAccounts(connection=crowded, cipher=FakeCipher())
    before = await _rows_read(crowded)
    others = await accounts.others_working(an_identity(number, tenant_id=tenant), limit=3)
    assert list(others) == found
    assert await _rows_read(crowded) - before <= 4


async def _rows_read(connection: Connection) -> int:
    """Of the accounts, by index or one after the other."""
    await connection.execute("SELECT pg_stat_force_next_flush()")
    cursor = await connection.execute(
        "SELECT seq_tup_read + idx_tup_fetch AS rows FROM pg_stat_user_tables WHERE relname = 'account'"
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row["rows"])


@pytest.mark.parametrize(("number", "connected"), [("17", True), ("unknown", False)])
async def test_whose_an_identity_is_takes_a_row_at_most(
    crowded: Connection, number: str, connected: bool
) -> None:
    accounts = PostgresAccounts(connection=crowded, cipher=FakeCipher())
    before = await _rows_read(crowded)
    assert await accounts.is_connected(an_identity(number, tenant_id="crowd")) is connected
    assert await _rows_read(crowded) - before <= 1
