"""The service as programs of their own: how they start, stop and die."""

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import aiohttp
import grpc.aio
import pytest
import pytest_asyncio

import server.runtime.resources
import server.runtime.worker
from adapters.postgres.reachable import require_reachable
from sandbox import Sandbox
from sandbox.world.faults import Fault
from server.runtime.process import running
from server.runtime.process_failed import ProcessFailed
from server.runtime.settings import PREFIX, Role, Settings
from tests.server.served import Logs
from tests.support.calls import TITLE, Calls, unread
from tests.support.ports import spare_port
from tests.support.postgres import home_of_server
from tests.support.programs import Program, all_gone, environment_of, program, serving
from tests.support.running_service import open_service, settings_for
from tests.support.service import Service, until


def files_in(folder: Path) -> set[str]:
    """Everything below a folder that is no folder."""
    return {str(one.relative_to(folder)) for one in folder.rglob("*") if not one.is_dir()}


def arguments_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """An empty folder with a short path, since PostgreSQL's socket lies below it, that any account may enter."""
    with home_of_server() as home:
        yield home


async def test_everything_on_one_machine_starts_serves_and_leaves_nothing_behind(short_folder: Path) -> None:
    temporary, folder = short_folder / "tmp", short_folder / "here"
    temporary.mkdir()
    arguments = ("local", "--json", "--free-ports", "--folder", str(folder))
    environment = {"TMPDIR": str(temporary), f"{PREFIX}LOG_LEVEL": "INFO"}
    async with program(*arguments, folder=short_folder, environment=environment) as started:
        line = await started.first_line()
        assert line, started.errors
        addresses = json.loads(line)
        await assert_serves(addresses["grpc_address"], addresses["public_url"])
        children = started.descendants()
        assert len(children) >= 3, "the sandbox, the example page and PostgreSQL"
        await assert_shows_the_page(addresses["page_url"])
        assert PREFIX.encode() not in b"".join(map(environment_of_page, children))
        arguments_of_all = b"\n".join(arguments_of(pid) for pid in {started.process.pid, *children})
        assert b"postgres\0-D" in arguments_of_all
        key = (folder / "encryption-keys").read_text().strip().partition(":")[2]
        for secret in (key, "sandbox-secret", "password"):
            assert secret.encode() not in arguments_of_all, "anybody on the machine can read them"
        started.tell(signal.SIGINT)
        assert await started.ended() == 0
    assert not await all_gone(children)
    assert files_in(short_folder) == {"here/encryption-keys"}


@pytest.mark.parametrize("ready", [True, False], ids=["ready", "starting"])
@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
async def test_two_signals_at_once_leave_nothing_behind_either(
    short_folder: Path, name: signal.Signals, ready: bool
) -> None:
    arguments = ("local", "--json", "--free-ports", "--folder", str(short_folder / "here"))
    environment = {"TMPDIR": str(short_folder), "CALENDARSYNC_LOG_FORMAT": "json"}
    async with program(*arguments, folder=short_folder, environment=environment) as started:
        if ready:
            assert await started.first_line(), started.errors
        children = await started.started_another()
        started.tell(name)
        started.tell(name)
        assert await started.ended() in ({0} if ready else {0, 130})
    assert "Traceback" not in "".join(started.errors)
    assert not await all_gone(children)
    assert files_in(short_folder) <= {"here/encryption-keys"}


async def test_a_second_signal_waits_for_nobody(service_hanging: Program) -> None:
    service_hanging.tell(signal.SIGTERM)
    await service_hanging.logged("stopping")
    service_hanging.tell(signal.SIGTERM)
    assert await service_hanging.ended() == 0
    assert "Traceback" not in "".join(service_hanging.errors)


@pytest_asyncio.fixture
async def service_hanging(sandbox: Sandbox, dsn: str, logs: Logs, tmp_path: Path) -> AsyncIterator[Program]:
    """A process with a job and a call under way that would take all of a long grace time."""
    async with open_service(sandbox, dsn, logs=logs, role=Role.API) as other:
        await other.put_expert()
        await connect(other)
        patient = settings_for(sandbox, dsn, shutdown_grace_seconds=300)
        async with serving(patient, Role.ALL, folder=tmp_path) as hanging:
            address = (await hanging.logged("ready"))["grpc"]
            async with grpc.aio.insecure_channel(address) as channel:
                faults = sandbox.world.faults
                reads = faults.add(kind="hang", seconds=600, path="calendarView", times=None)
                writes = faults.add(kind="hang", seconds=600, method="POST", path="/events$", times=None)
                await other.put_session()
                busy = asyncio.ensure_future(Calls(channel=channel).busy())
                await hit(reads, writes)
                yield hanging
                await asyncio.gather(busy, return_exceptions=True)  # cut off, or answered just before
            sandbox.hangs.release()


async def test_the_page_stands_beside_real_providers_too(short_folder: Path, dsn: str) -> None:
    given = {
        "DATABASE_URL": dsn,
        "GOOGLE_CLIENT_ID": "one",
        "GOOGLE_CLIENT_SECRET": "another",
        "MAIL": "off",
    }
    environment = {PREFIX + name: value for name, value in given.items()}
    arguments = ("local", "--json", "--free-ports", "--folder", str(short_folder / "here"))
    async with program(*arguments, folder=short_folder, environment=environment) as started:
        addresses = json.loads(await started.first_line())
        (page,) = started.descendants()
        await assert_shows_the_page(addresses["page_url"])
        assert b"--sandbox-control" not in arguments_of(page)
        started.tell(signal.SIGTERM)
        assert await started.ended() == 0
    assert not await all_gone({page})


def environment_of_page(pid: int) -> bytes:
    """Empty where it is another program: the page is a caller, and has nothing of the service's settings."""
    if b"connected_calendars" not in arguments_of(pid):
        return b""
    return Path(f"/proc/{pid}/environ").read_bytes()


async def assert_shows_the_page(url: str) -> None:
    """And that it reaches the service, whose experts it lists."""
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        assert answer.status == 200
        assert "Who are you?" in await answer.text()


async def assert_serves(grpc_address: str, public_url: str) -> None:
    async with grpc.aio.insecure_channel(grpc_address) as channel, aiohttp.ClientSession() as http:
        calls = Calls(channel=channel)
        assert await calls.health() == "SERVING"
        await calls.put_expert()
        assert (await calls.start()).authorization_url.startswith("http://localhost:")
        async with http.get(f"{public_url}/readyz") as answer:
            assert answer.status == 200


async def test_everything_ends_with_a_process_that_is_killed(short_folder: Path) -> None:
    arguments = ("local", "--json", "--free-ports", "--folder", str(short_folder / "here"))
    async with program(*arguments, folder=short_folder) as started:
        assert await started.first_line(), started.errors
        children = started.descendants()
        started.tell(signal.SIGKILL)
        assert await started.ended() == -signal.SIGKILL
    assert not await all_gone(children)


@pytest.fixture
def lively(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers of the tests' own process look after each other many times a second."""
    monkeypatch.setattr(server.runtime.worker, "SHOWN_EVERY", timedelta(seconds=0.1))


@pytest.mark.usefixtures("lively")
async def test_a_worker_killed_between_call_and_commit_leaves_one_event(
    sandbox: Sandbox, dsn: str, logs: Logs, tmp_path: Path
) -> None:
    sandbox.world.settings.transaction_mode = "duplicates"  # Microsoft would not catch a second event
    async with open_service(sandbox, dsn, logs=logs, role=Role.API) as service:
        await service.put_expert()
        await connect(service)
        async with serving(service.settings, Role.WORKER, folder=tmp_path) as worker:
            sandbox.world.faults.add(kind="hang", seconds=60, method="POST", path="/events$", perform=True)
            await service.put_session()
            await sandbox.hangs.reached()
            worker.tell(signal.SIGKILL)
            assert await worker.ended() == -signal.SIGKILL
        sandbox.hangs.release()
        assert len(service.events("anna")) == 1
        # As if it had been silent for half a minute, and nothing else.
        await service.database.execute("UPDATE worker SET seen_at = seen_at - interval '1 minute'")
        async with running(settings_for(sandbox, dsn), Role.WORKER):
            session = await service.written()
            assert session.event.written_revision == 1
            await service.put_session(title="Its id is known")
            await service.written(revision=2)
    assert [one.subject for one in service.events("anna")] == ["Its id is known"]


@pytest.mark.usefixtures("lively")
async def test_a_mail_that_a_killed_worker_may_have_sent_is_not_sent_again_for_a_day(
    sandbox: Sandbox, dsn: str, logs: Logs
) -> None:
    async with open_service(sandbox, dsn, logs=logs, role=Role.API) as service:
        await service.put_expert()
        await connect(service)
        sandbox.world.grants.revoke("anna", access_tokens=True)
        assert unread(await service.busy()) == ["RECONNECT_REQUIRED"]
        await service.database.execute(
            """
            UPDATE incident SET claimed_by = 'dead.claim', claimed_until = now() + interval '3 minutes',
                mail_begun_at = now()
            """
        )
        await service.database.execute("INSERT INTO worker VALUES ('dead', now() - interval '1 minute')")
        async with running(settings_for(sandbox, dsn), Role.WORKER):
            later = (
                "SELECT FROM incident WHERE claimed_by IS NULL AND mail_due_at > now() + interval '23 hours'"
            )
            await until(lambda: service.rows(later), bool)
            assert sandbox.mails == []
            await service.hurry()
            await until(lambda: service.rows("SELECT FROM incident WHERE notices = 1"), bool)
    assert len(sandbox.mails) == 1


async def connect(service: Service) -> None:
    started = await service.start(redirect_uri="http://localhost:3000/microsoft")
    await service.complete(await service.sign_in(started.authorization_url, "anna"))


async def test_a_process_told_to_stop_finishes_calls_and_jobs(
    sandbox: Sandbox, dsn: str, logs: Logs, tmp_path: Path
) -> None:
    async with open_service(sandbox, dsn, logs=logs, role=Role.API) as other:
        await other.put_expert()
        await connect(other)
        async with serving(other.settings, Role.ALL, folder=tmp_path) as stopping:
            address = (await stopping.logged("ready"))["grpc"]
            async with grpc.aio.insecure_channel(address) as channel:
                calls = Calls(channel=channel)
                faults = sandbox.world.faults
                reads = faults.add(kind="hang", seconds=60, path="calendarView")
                writes = faults.add(kind="hang", seconds=60, method="POST", path="/events$", perform=True)
                await other.put_session()
                busy = asyncio.ensure_future(calls.busy())
                await hit(reads, writes)
                stopping.tell(signal.SIGTERM)
                await stopping.logged("stopping")
                sandbox.hangs.release()
                assert (await busy).complete
            assert await stopping.ended() == 0
        # Nobody else is there to write it.
        session = await other.written()
        assert session.event.written_revision == 1
    assert [one.subject for one in other.events("anna")] == [TITLE]


async def hit(*faults: Fault) -> None:
    """Until each of them has hit a request."""

    async def hits() -> list[int]:
        return [one.hits for one in faults]

    await until(hits, all)


async def test_a_process_that_may_not_finish_hands_its_work_over(
    sandbox: Sandbox, dsn: str, logs: Logs, tmp_path: Path
) -> None:
    async with open_service(sandbox, dsn, logs=logs, role=Role.API) as service:
        await service.put_expert()
        await connect(service)
        impatient = settings_for(sandbox, dsn, shutdown_grace_seconds=0.2)
        async with serving(impatient, Role.WORKER, folder=tmp_path) as worker:
            sandbox.world.faults.add(kind="hang", seconds=60, method="POST", path="/events$", perform=True)
            await service.put_session()
            await sandbox.hangs.reached()
            worker.tell(signal.SIGTERM)
            assert await worker.ended() == 0
        sandbox.hangs.release()
        await service.hurry()
        async with running(settings_for(sandbox, dsn), Role.WORKER):
            await service.written()
    assert len(service.events("anna")) == 1


async def test_names_every_fault_of_the_settings_and_no_value(tmp_path: Path) -> None:
    wrong = {
        "CALENDARSYNC_DATABASE_URL": "postgresql://user:hunter2@db.internal/x",
        "CALENDARSYNC_ENCRYPTION_KEYS": "k1:c2hvcnQtc2VjcmV0",
        "CALENDARSYNC_MICROSOFT_AUTHORITY": "http://plain.example/common",
        "CALENDARSYNC_GRPC_ADDRESS": "nowhere",
        "CALENDARSYNC_SWEEP_SECONDS": "often",
        "CALENDARSYNC_LOG_LEVELS": "DEBUG",
    }
    async with program("serve", folder=tmp_path, environment=wrong) as started:
        assert await started.ended() == 2
    told = "".join(started.errors)
    for name in (
        "ENCRYPTION_KEYS",
        "MICROSOFT_AUTHORITY",
        "MICROSOFT_CLIENT_ID",
        "GOOGLE_CLIENT_ID",
        "SMTP_URL",
        "MAIL_FROM",
        "GRPC_ADDRESS",
        "SWEEP_SECONDS",
        "LOG_LEVELS",
    ):
        assert f"CALENDARSYNC_{name}" in told
    for value in ("hunter2", "db.internal", "c2hvcnQtc2VjcmV0", "plain.example", "nowhere", "often"):
        assert value not in told
    assert "Traceback" not in told


@pytest.mark.parametrize("which", ["grpc_address", "http_address"])
async def test_says_that_a_port_is_taken(
    sandbox: Sandbox, dsn: str, no_settings: None, tmp_path: Path, which: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        settings = settings_for(sandbox, dsn, **{which: address})
        told = await failing_start(settings, tmp_path)
    assert f"CALENDARSYNC_{which.upper()} {address}" in told


async def test_says_that_the_database_is_away(
    sandbox: Sandbox, no_settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the tests' own process, where ten seconds of patience can be cut short."""
    impatient = partial(require_reachable, patience=timedelta())
    monkeypatch.setattr(server.runtime.resources, "require_reachable", impatient)
    away = f"postgresql://somebody:hunter2@127.0.0.1:{spare_port()}/nothing"
    with pytest.raises(ProcessFailed) as failed:
        async with running(settings_for(sandbox, away)):
            pass
    assert "CALENDARSYNC_DATABASE_URL" in str(failed.value)
    assert "hunter2" not in str(failed.value)


async def failing_start(settings: Settings, folder: Path) -> str:
    """What a process says that can't start."""
    async with program("serve", folder=folder, environment=environment_of(settings)) as started:
        assert await started.ended() == 1
    told = "".join(started.errors)
    assert "calendarsync can't start" in told
    assert "Traceback" not in told
    return told
