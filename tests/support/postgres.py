"""PostgreSQL for tests: a given server, else a container where an engine answers, else the embedded one.

Each test that asks for `dsn` gets a migrated database of its own, cloned from a template in about 30 ms.
TEST_DATABASE_URL names a server whose user may create databases; TEST_POSTGRES (`embedded`, `container`)
forces one of the other two, TEST_POSTGRES_IMAGE names another image.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest
import pytest_asyncio
from psycopg import AsyncConnection, sql
from psycopg.conninfo import make_conninfo

from adapters.postgres.embedded import embedded_postgres
from adapters.postgres.migrate import migrate

IMAGE = "postgres:18"
MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 2 << 30


def given_server() -> str | None:
    """The DSN of a server that somebody runs for the tests."""
    return os.environ.get("CALENDARSYNC_TEST_DATABASE_URL") or os.environ.get("TEST_DATABASE_URL")


def engine_answers() -> bool:
    """Whether a Docker engine is there to be used; free of charge where there is no socket."""
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if address.startswith("unix://") and not Path(address.removeprefix("unix://")).exists():
        return False
    import docker

    try:
        client = docker.from_env(timeout=2)
        try:
            return bool(client.ping())
        finally:
            client.close()
    except (docker.errors.DockerException, OSError):
        return False


def choose() -> str:
    """Which server the tests use: `given`, `container` or `embedded`."""
    if given_server():
        return "given"
    forced = os.environ.get("TEST_POSTGRES")
    if forced in {"container", "embedded"}:
        return forced
    return "container" if engine_answers() else "embedded"


def pytest_report_header() -> str:
    return f"postgres: {choose()}"


@contextmanager
def container() -> Iterator[str]:
    """A throw-away server in a container."""
    from testcontainers.community.postgres import PostgresContainer

    image = os.environ.get("TEST_POSTGRES_IMAGE", IMAGE)
    with PostgresContainer(image, driver=None) as running:
        yield running.get_connection_url()


def in_memory() -> Path | None:
    """A folder in memory for data that is thrown away; None where none has room for it and may hold programs.

    A database is more than three hundred files. ext4 makes new ones ever more slowly where many were just deleted: it
    passes over the inodes of those.
    """
    with suppress(OSError):
        found = os.statvfs(MEMORY)
        if found.f_bavail * found.f_frsize >= ENOUGH_BYTES and not found.f_flag & os.ST_NOEXEC:
            return MEMORY
    return None


@contextmanager
def home_of_server() -> Iterator[Path]:
    """A folder for the data of an embedded server, gone in the end."""
    home = Path(tempfile.mkdtemp(prefix="calendarsync-test-", dir=in_memory()))
    home.chmod(0o755)  # for root: the server runs under another account and must get in
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def embedded() -> Iterator[str]:
    """A throw-away server from the wheel."""
    with home_of_server() as home, embedded_postgres(home / "data", durable=False) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> Iterator[str]:
    """The DSN of a server in which databases may be created."""
    if given := given_server():
        yield given
        return
    with ExitStack() as stack:
        if choose() == "embedded":
            yield stack.enter_context(embedded())
            return
        try:
            dsn = stack.enter_context(container())
        except Exception as error:
            if os.environ.get("TEST_POSTGRES") == "container":
                raise
            # An engine without this image and without a registry.
            writer = pytestconfig.get_terminal_writer()
            writer.line(f"postgres: no container ({type(error).__name__}), the embedded server instead")
            dsn = stack.enter_context(embedded())
        yield dsn


@pytest_asyncio.fixture(scope="session")
async def postgres_admin(postgres_server: str) -> AsyncIterator[AsyncConnection]:
    """A connection on which databases are made and dropped."""
    async with await AsyncConnection.connect(postgres_server, autocommit=True) as connection:
        yield connection


@asynccontextmanager
async def new_database(admin: AsyncConnection, *, template: str = "template1") -> AsyncIterator[str]:
    """The name of a database that is dropped in the end."""
    name = await _create(admin, template)
    try:
        yield name
    finally:
        await _drop(admin, name)


async def _create(admin: AsyncConnection, template: str) -> str:
    name = f"calendarsync_test_{uuid.uuid4().hex}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    await admin.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
    return name


async def _drop(admin: AsyncConnection, name: str) -> None:
    await admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest_asyncio.fixture(scope="session")
async def migrated_template(postgres_server: str, postgres_admin: AsyncConnection) -> AsyncIterator[str]:
    """The name of a migrated database from which the tests' own are cloned; nobody stays connected to it."""
    async with new_database(postgres_admin) as name:
        await migrate(make_conninfo(postgres_server, dbname=name))
        yield name


@pytest_asyncio.fixture(scope="session")
async def used_databases(postgres_admin: AsyncConnection) -> AsyncIterator[list[str]]:
    """Databases that a test is done with. They go when the next test begins: PostgreSQL sleeps for a tenth of a second
    where it finds connections that are just closing."""
    used: list[str] = []
    yield used
    while used:
        await _drop(postgres_admin, used.pop())


@pytest_asyncio.fixture
async def dsn(
    postgres_server: str, postgres_admin: AsyncConnection, migrated_template: str, used_databases: list[str]
) -> AsyncIterator[str]:
    """The DSN of a migrated database of the test's own."""
    while used_databases:
        await _drop(postgres_admin, used_databases.pop())
    name = await _create(postgres_admin, migrated_template)
    try:
        yield make_conninfo(postgres_server, dbname=name)
    finally:
        used_databases.append(name)


@pytest_asyncio.fixture
async def empty_dsn(postgres_server: str, postgres_admin: AsyncConnection) -> AsyncIterator[str]:
    """The DSN of a database without any schema."""
    async with new_database(postgres_admin) as name:
        yield make_conninfo(postgres_server, dbname=name)
