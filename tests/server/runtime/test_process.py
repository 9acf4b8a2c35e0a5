"""Whole processes of each role, on a real database; Microsoft is never asked."""

import asyncio
import base64
import hashlib
import json
import os
import signal
import sys
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aiohttp
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from adapters.postgres.reachable import require_reachable
from calendarsync.v1.change_service_pb2 import WatchChangesRequest
from calendarsync.v1.change_service_pb2_grpc import ChangeServiceStub
from domain.account import Provider
from server.addresses import Address
from server.http import app
from server.http.connections.loop_share import LoopShare
from server.runtime import resources
from server.runtime.process import PART_BESIDE_CALLS, running
from server.runtime.process_failed import ProcessFailed
from server.runtime.resources import migrated
from server.runtime.settings import PREFIX, Role, Settings, load_settings
from tests.server.served import Logs
from tests.support.ports import spare_port
from tests.support.refusing_database import refusing_database

KEYS = "one:" + base64.b64encode(hashlib.sha256(b"one").digest()).decode()
VALUES = {
    "ENCRYPTION_KEYS": KEYS,
    "MICROSOFT_CLIENT_ID": "client",
    "MICROSOFT_CLIENT_SECRET": "hunter2",
    "SMTP_URL": "smtp://127.0.0.1:9",
    "MAIL_FROM": "calendars@example.com",
    "GRPC_ADDRESS": "127.0.0.1:0",
    "HTTP_ADDRESS": "127.0.0.1:0",
    "OPERATIONS_ADDRESS": "127.0.0.1:0",
    "SHUTDOWN_GRACE_SECONDS": "5",
}


def process_settings(dsn: str, **changes: Any) -> Settings:
    given = {name.lower(): value for name, value in VALUES.items()}
    return load_settings(**{**given, "database_url": dsn, **changes})


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_serves_its_part(dsn: str, role: Role) -> None:
    async with running(process_settings(dsn), role) as process, aiohttp.ClientSession() as http:
        base = f"http://127.0.0.1:{process.http_port}"
        async with http.get(f"{base}/readyz") as ready, http.get(f"{base}/reconnect/x") as page:
            assert ready.status == 200
            assert ("text/html" in page.headers["Content-Type"]) is (role in {Role.ALL, Role.WEB})
        operations = f"http://127.0.0.1:{process.operations_port}"
        async with http.get(f"{operations}/readyz") as ready, http.get(f"{operations}/metrics") as page:
            assert (await ready.json())["status"] == "ready"
            assert f'role="{role.value}"' in await page.text()
        assert (process.grpc_port is not None) is (role in {Role.ALL, Role.API})
        assert (process.worker is not None) is (role in {Role.ALL, Role.WORKER})
        if process.grpc_port is not None:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{process.grpc_port}") as channel:
                health: Any = health_pb2_grpc.HealthStub(channel)
                answer = await health.Check(health_pb2.HealthCheckRequest())
                assert answer.status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize("role", list(Role))
async def test_http_gets_a_small_part_of_a_process_that_answers_calls(
    dsn: str, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: list[float] = []

    class Noted(LoopShare):
        def __init__(self, part: float) -> None:
            parts.append(part)
            super().__init__(part)

    monkeypatch.setattr(app, "LoopShare", Noted)
    async with running(process_settings(dsn), role):
        pass
    assert parts == [
        PART_BESIDE_CALLS if role in {Role.ALL, Role.API} else 1,
        1,
    ]  # the operations door's is last
    assert PART_BESIDE_CALLS < 0.5


async def test_a_process_that_stops_waits_for_no_watcher(dsn: str) -> None:
    async with AsyncExitStack() as stack, asyncio.timeout(20):
        async with running(process_settings(dsn, shutdown_grace_seconds=60)) as process:
            channel = grpc.aio.insecure_channel(f"127.0.0.1:{process.grpc_port}")
            await stack.enter_async_context(channel)
            watch: Any = ChangeServiceStub(channel).WatchChanges(WatchChangesRequest())
            assert (await watch.read()).cursor

        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await watch.read()
        assert ended.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_notifications_are_taken_where_browsers_are_served(dsn: str) -> None:
    for role, status in ((Role.WEB, 200), (Role.WORKER, 404)):
        async with running(process_settings(dsn), role) as process, aiohttp.ClientSession() as http:
            url = f"http://127.0.0.1:{process.http_port}/notifications/microsoft"
            async with http.post(url, params={"validationToken": "token"}) as answer:
                assert answer.status == status


@pytest.mark.parametrize(("push", "told"), [("on", True), ("off", False)])
async def test_without_notifications_nothing_is_polled_rarely(dsn: str, push: str, told: bool) -> None:
    """Also what was subscribed to before they were turned off."""
    settings = process_settings(dsn, push=push, public_url="https://calendars.example")
    async with running(settings, Role.API) as process:
        pace = process.container.pace()
        assert (pace.polled_with_push_every > pace.polled_every) is told


async def test_replicas_may_start_at_once_on_an_empty_database(empty_dsn: str) -> None:
    async with (
        running(process_settings(empty_dsn), Role.API),
        running(process_settings(empty_dsn), Role.WORKER),
    ):
        pass


async def test_cells_of_one_database_are_served_side_by_side(empty_dsn: str) -> None:
    """Each process makes the first one; another is made by the command that says so."""
    east = process_settings(empty_dsn, cell="east")
    west = process_settings(empty_dsn, cell="west")
    async with running(east, Role.ALL):
        with pytest.raises(ProcessFailed, match="there is no cell west in this database, which has east"):
            async with running(west, Role.ALL):
                pass
        await migrated(west)
        async with running(west, Role.ALL) as process:
            assert process.grpc_port is not None


async def test_a_standby_is_told_of(standby: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be behind, and nothing may be answered from it."""
    impatient = partial(require_reachable, patience=timedelta())
    monkeypatch.setattr(resources, "require_reachable", impatient)
    with pytest.raises(ProcessFailed, match="it is a standby, and only the primary is asked"):
        async with running(process_settings(standby)):
            pass


async def test_the_public_address_defaults_to_the_port_it_got(dsn: str) -> None:
    async with running(process_settings(dsn), Role.WEB) as process:
        assert process.public_url == f"http://localhost:{process.http_port}"
        assert (
            process.container.callback_urls()(Provider.MICROSOFT)
            == f"{process.public_url}/oauth/microsoft/callback"
        )


@pytest.mark.parametrize("name", ["grpc_address", "http_address", "operations_address"])
async def test_a_taken_address_is_told(dsn: str, name: str) -> None:
    with Address("127.0.0.1", 0).bound() as taken:
        address = Address("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(ProcessFailed, match=name.upper()):
            async with running(process_settings(dsn, **{name: address})):
                pass


async def test_a_database_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch, logs: Logs) -> None:
    """A process that starts before its database waits for it for ten seconds; here for a moment only."""
    impatient = partial(require_reachable, patience=timedelta())
    monkeypatch.setattr(resources, "require_reachable", impatient)
    with pytest.raises(ProcessFailed, match=r"DATABASE_URL .*: nobody listens at its host and port"):
        async with running(process_settings(f"postgresql://user:hunter2@127.0.0.1:{spare_port()}/x")):
            pass
    assert "hunter2" not in logs.text


async def test_it_serves_on_a_database_that_is_newer_than_the_program(dsn: str, logs: Logs) -> None:
    """As whoever is started again while an update is under way, or after it was taken back."""
    await _migrated_later(dsn, breaking=None)

    async with running(process_settings(dsn)) as process:
        assert await process.container.readiness().hindrance() is None
    assert "it has 9999" in logs.text


async def test_a_database_that_can_no_longer_be_worked_on_is_told(dsn: str) -> None:
    await _migrated_later(dsn, breaking="sessions have another key")

    with pytest.raises(ProcessFailed, match=r"newer.* 9999 \(sessions have another key\)"):
        async with running(process_settings(dsn)):
            pass


async def _migrated_later(dsn: str, *, breaking: str | None) -> None:
    import psycopg

    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(
            "INSERT INTO schema_migration (version, name, checksum, breaking) VALUES ('9999', '9999_x.sql', 'x', %s)",
            [breaking],
        )


def _environment(**changes: str) -> dict[str, str]:
    ours = {PREFIX + name: value for name, value in (VALUES | changes).items()}
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)} | ours


async def _process(*arguments: str, **changes: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server",
        *arguments,
        env=_environment(**changes),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_it_cleanly(dsn: str, name: signal.Signals) -> None:
    process = await _process("serve", DATABASE_URL=dsn)
    assert process.stderr is not None
    async with asyncio.timeout(30):
        while b'"ready"' not in (line := await process.stderr.readline()):
            assert line, "it ended before it was ready"
        told = json.loads(line)
        assert told["time_zones"] == version("tzdata")
        assert told["version"] == version("calendarsync-service")
        process.send_signal(name)
        rest = (await process.communicate())[1].decode()

    assert process.returncode == 0, rest
    assert '"stopped"' in rest
    assert "Traceback" not in rest


async def test_bad_settings_are_told_in_whole_and_end_it_with_2() -> None:
    process = await _process("serve", DATABASE_URL="", SWEEP_SECONDS="often", NONSENSE="x")
    told = (await process.communicate())[1].decode()

    assert process.returncode == 2
    for name in ("DATABASE_URL", "SWEEP_SECONDS", "NONSENSE"):
        assert PREFIX + name in told
    assert "Traceback" not in told


@pytest.mark.parametrize("command", ["serve", "migrate", "check-settings"])
async def test_a_database_that_is_none_is_a_fault_of_the_settings_and_its_password_told_nowhere(
    command: str,
) -> None:
    process = await _process(command, DATABASE_URL="mysql://admin:hunter2@db/x", SWEEP_SECONDS="often")
    told = (await process.communicate())[1].decode()

    assert process.returncode == 2
    assert PREFIX + "DATABASE_URL: must be a URL that begins with postgresql://" in told
    assert PREFIX + "SWEEP_SECONDS" in told
    assert "hunter2" not in told
    assert "Traceback" not in told


@pytest.mark.parametrize("command", ["serve", "migrate"])
async def test_a_password_that_is_refused_is_told_in_one_line_without_it(command: str) -> None:
    words = 'password authentication failed for user "admin"'
    async with refusing_database("28P01", words, asks_for_password=True) as port:
        process = await _process(command, DATABASE_URL=f"postgresql://admin:hunter2@127.0.0.1:{port}/x")
        told = (await process.communicate())[1].decode()

    assert (process.returncode, told) == (
        1,
        "calendarsync can't start: the database of CALENDARSYNC_DATABASE_URL can't be reached: it refuses the user "
        "or the password\n",
    )


async def test_a_database_that_has_too_few_connections_for_us_is_told_in_one_line(dsn: str) -> None:
    """Enough for the pool, and none for those that are kept beside it."""
    async with await AsyncConnection.connect(dsn, autocommit=True) as admin:
        name = admin.info.dbname
        await admin.execute(LIMITED.format(name).encode())
        try:
            with pytest.raises(ProcessFailed) as failed:
                async with running(process_settings(make_conninfo(dsn, user=f"of_{name}"))):
                    pass
            assert str(failed.value) == "the database of CALENDARSYNC_DATABASE_URL can't be reached"
        finally:
            await admin.execute(f"DROP OWNED BY of_{name}; DROP ROLE of_{name}".encode())


LIMITED = """
    CREATE ROLE of_{0} LOGIN CONNECTION LIMIT 2;
    GRANT ALL ON SCHEMA public TO of_{0};
    GRANT ALL ON ALL TABLES IN SCHEMA public TO of_{0};
    """


@pytest.mark.parametrize("role", ["api", "web", "worker"])
async def test_split_roles_must_be_told_where_browsers_reach_them(role: str) -> None:
    process = await _process("serve", "--role", role, DATABASE_URL="postgresql://db.example/x")
    told = (await process.communicate())[1].decode()

    assert process.returncode == 2
    assert PREFIX + "PUBLIC_URL" in told


async def test_right_settings_are_told_as_such() -> None:
    process = await _process("check-settings", DATABASE_URL="postgresql://db.example/x")
    told = (await process.communicate())[1].decode()

    assert (process.returncode, told) == (0, "The settings are right.\nProviders: MICROSOFT.\n")


async def test_templates_of_mails_are_among_the_settings_that_are_checked(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "reconnect.txt").write_text("{{ url }}\n{{ waiting.days }}")
    (tmp_path / "de" / "reconnect.subjekt.txt").touch()
    process = await _process(
        "check-settings", DATABASE_URL="postgresql://db.example/x", MAIL_TEMPLATES=str(tmp_path)
    )
    told = (await process.communicate())[1].decode()

    assert process.returncode == 2
    assert f"{PREFIX}MAIL_TEMPLATES: de/reconnect.subjekt.txt: is no part of a mail; did you mean" in told
    assert f"{PREFIX}MAIL_TEMPLATES: de/reconnect.txt, line 2: UndefinedError, 'int object' has no" in told
    assert "Traceback" not in told


async def test_the_schema_is_brought_up_to_date_on_request(empty_dsn: str) -> None:
    for expected in ("applied 0001_", "The schema is up to date."):
        process = await _process("migrate", DATABASE_URL=empty_dsn)
        assert expected in (await process.communicate())[1].decode()
        assert process.returncode == 0
