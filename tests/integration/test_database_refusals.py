"""What an operator is told when there is no connection to the database, and that the password is in none of it."""

import logging
import socket
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from adapters.postgres.dsn import Refusal
from adapters.postgres.pool import open_pool
from adapters.postgres.reachable import DatabaseUnreachable, require_reachable
from application.ports.store import StoreUnavailable
from server.logs import configure_logging
from tests.support.ports import spare_port
from tests.support.refusing_database import refusing_database

PASSWORD = "hunter2"
AT_ONCE = timedelta()


async def refusal(dsn: str) -> Refusal:
    with pytest.raises(DatabaseUnreachable) as caught:
        await require_reachable(dsn, patience=AT_ONCE, connect_timeout=timedelta(seconds=2))
    assert PASSWORD not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value.refusal


def at(port: int, *, host: str = "127.0.0.1") -> str:
    return f"postgresql://admin:{PASSWORD}@{host}:{port}/calendars?connect_timeout=2"


async def test_a_database_that_is_there_is_reached(dsn: str) -> None:
    await require_reachable(dsn, patience=AT_ONCE)


async def test_a_host_nobody_knows() -> None:
    assert await refusal(at(5432, host="no-such-host.invalid")) is Refusal.NO_SUCH_HOST


async def test_a_port_nobody_listens_at(tmp_path: Path) -> None:
    assert await refusal(at(spare_port())) is Refusal.NOT_LISTENING
    assert await refusal(f"host={tmp_path} password={PASSWORD}") is Refusal.NOT_LISTENING


async def test_a_host_that_keeps_silent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert await refusal(at(silent.getsockname()[1])) is Refusal.TIMED_OUT


async def test_a_database_and_a_user_the_server_does_not_know(postgres_server: str) -> None:
    nowhere = make_conninfo(postgres_server, dbname="no_such_database")
    assert await refusal(nowhere) is Refusal.NO_SUCH_DATABASE
    assert await refusal(make_conninfo(postgres_server, user="nobody")) is Refusal.AUTHENTICATION


@pytest.mark.parametrize(
    ("sqlstate", "words", "expected"),
    [
        ("28P01", 'password authentication failed for user "admin"', Refusal.AUTHENTICATION),
        ("28000", 'no pg_hba.conf entry for host "10.0.0.7", user "admin"', Refusal.AUTHENTICATION),
        ("28000", 'role "admin" is not permitted to log in', Refusal.NOT_PERMITTED),
        ("3D000", 'database "calendars" does not exist', Refusal.NO_SUCH_DATABASE),
        ("42501", 'permission denied for database "calendars"', Refusal.NOT_PERMITTED),
        ("53300", "sorry, too many clients already", Refusal.FULL),
        (
            "53300",
            "remaining connection slots are reserved for roles with the SUPERUSER attribute",
            Refusal.FULL,
        ),
        ("57P03", "the database system is starting up", Refusal.STARTING),
        ("57P03", "the database system is shutting down", Refusal.STARTING),
        ("57P03", "the database system is not yet accepting connections", Refusal.STARTING),
        ("28P01", "Passwort-Authentifizierung fehlgeschlagen", Refusal.OTHER),
    ],
)
async def test_what_the_server_itself_refuses(sqlstate: str, words: str, expected: Refusal) -> None:
    async with refusing_database(sqlstate, words, asks_for_password=sqlstate == "28P01") as port:
        assert await refusal(at(port)) is expected


async def test_encryption_that_the_server_does_not_have() -> None:
    async with refusing_database("XX000", "never said") as port:
        assert await refusal(at(port) + "&sslmode=require") is Refusal.ENCRYPTION


async def test_what_passes_by_itself_is_waited_for() -> None:
    """A database that starts beside us is no fault; one that refuses the password is told at once."""
    async with refusing_database("57P03", "the database system is starting up") as port:
        with pytest.raises(DatabaseUnreachable):
            await require_reachable(at(port), patience=timedelta(seconds=0.6))
    async with refusing_database("28P01", "password authentication failed", asks_for_password=True) as port:
        with pytest.raises(DatabaseUnreachable):
            await require_reachable(at(port), patience=timedelta(days=1))


@pytest.fixture
def log() -> Iterator[StringIO]:
    """Everything that is logged, from DEBUG on."""
    root = logging.getLogger()
    kept = root.handlers, root.level
    stream = StringIO()
    configure_logging(level="DEBUG", style="json", stream=stream)
    root.setLevel(logging.DEBUG)
    yield stream
    root.handlers, root.level = kept


async def test_the_pools_log_says_why_and_repeats_nothing(log: StringIO) -> None:
    words = 'password authentication failed for user "admin"'
    async with refusing_database("28P01", words, asks_for_password=True) as port:
        with pytest.raises(StoreUnavailable):
            async with open_pool(at(port), min_size=1, patience=timedelta(seconds=0.5)):
                pass
    assert f"error connecting in: {Refusal.AUTHENTICATION.value}" in log.getvalue()
    for private in (PASSWORD, "admin", "127.0.0.1", "calendars?"):
        assert private not in log.getvalue(), private


async def test_an_address_that_slipped_through_is_not_repeated_either(log: StringIO) -> None:
    with pytest.raises(StoreUnavailable):
        async with open_pool(f"mysql://admin:{PASSWORD}@db/x", min_size=1, patience=timedelta(seconds=0.3)):
            pass
    assert "error connecting in" in log.getvalue()
    assert PASSWORD not in log.getvalue()
    assert await refusal(f"mysql://admin:{PASSWORD}@db/x") is Refusal.OTHER
