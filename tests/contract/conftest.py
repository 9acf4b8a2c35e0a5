"""The stores every contract holds for: the fake, and PostgreSQL with one database that each test finds empty."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from adapters.postgres.callers import PostgresCredentials
from adapters.postgres.pool import Connection
from application.ports.callers import Credentials
from tests.fakes.callers import FakeCredentials
from tests.fakes.store import FakeStore
from tests.support.postgres import new_database
from tests.support.stores import Kept, KeptByFake, KeptByPostgres, kept_by_postgres


@pytest_asyncio.fixture(scope="session")
async def kept_by_postgres_for_all(
    postgres_server: str, postgres_admin: AsyncConnection, migrated_template: str
) -> AsyncIterator[KeptByPostgres]:
    async with (
        new_database(postgres_admin, template=migrated_template) as name,
        kept_by_postgres(make_conninfo(postgres_server, dbname=name), at_once=6) as kept,
    ):
        yield kept


@pytest.fixture(params=["fake", "postgres"])
def shared(request: pytest.FixtureRequest) -> KeptByPostgres | None:
    """None for the fake, for which no server has to run."""
    if request.param == "fake":
        return None
    kept: KeptByPostgres = request.getfixturevalue("kept_by_postgres_for_all")
    return kept


@pytest_asyncio.fixture
async def kept(shared: KeptByPostgres | None) -> AsyncIterator[Kept]:
    if shared is None:
        yield KeptByFake(store=FakeStore())
        return
    yield shared
    async with shared.pool.connection() as connection:
        # Faster by far than a database for each test, and everything hangs on the expert.
        await connection.execute("DELETE FROM expert")
        await connection.execute("DELETE FROM wish")
        await connection.execute("DELETE FROM change")
        await connection.execute("DELETE FROM worker")
        await _empty_audit_log(connection)
        await connection.execute("DELETE FROM moved_expert")


@pytest_asyncio.fixture
async def credentials(shared: KeptByPostgres | None) -> AsyncIterator[Credentials]:
    if shared is None:
        yield FakeCredentials()
        return
    yield PostgresCredentials(pool=shared.pool)
    async with shared.pool.connection() as connection:
        await connection.execute("DELETE FROM caller_credential")


async def _empty_audit_log(connection: Connection) -> None:
    """Which is append-only to all but the owner of its table."""
    cursor = await connection.execute("SELECT FROM audit_entry LIMIT 1")
    if await cursor.fetchone() is None:
        return
    async with connection.transaction():
        await connection.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
        await connection.execute("TRUNCATE audit_entry")
        await connection.execute("ALTER TABLE audit_entry ENABLE TRIGGER USER")
