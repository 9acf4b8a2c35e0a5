"""A second PostgreSQL for tests with two, and one that is a standby. Each is started when it is first wanted."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from adapters.postgres.embedded import embedded_postgres
from adapters.postgres.embedded.server import EmbeddedPostgres
from tests.support.postgres import home_of_server, new_database


@pytest.fixture(scope="session")
def other_server() -> Iterator[str]:
    """The DSN of a cluster of its own."""
    with home_of_server() as home, embedded_postgres(home / "data", durable=False) as dsn:
        yield dsn


@pytest_asyncio.fixture
async def second_server(other_server: str) -> AsyncIterator[str]:
    """The DSN of an empty database in a cluster of its own."""
    async with (
        await AsyncConnection.connect(other_server, autocommit=True) as admin,
        new_database(admin) as name,
    ):
        yield make_conninfo(other_server, dbname=name)


@pytest.fixture(scope="session")
def standby() -> Iterator[str]:
    """The DSN of a server that waits for what a primary has written, and takes questions meanwhile."""
    with home_of_server() as home:
        data = home / "data"
        primary = EmbeddedPostgres(data, durable=False)
        primary.start()
        primary.stop()
        signal = data / "standby.signal"
        signal.touch()
        os.chown(signal, data.stat().st_uid, data.stat().st_gid)
        with embedded_postgres(data, durable=False) as dsn:
            yield dsn
