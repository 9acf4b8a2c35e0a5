"""Starts the whole service in the tests' own loop, on a sandbox and a database, with nothing replaced."""

import base64
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import aiohttp
import grpc.aio
import pytest
import pytest_asyncio
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from sandbox import Sandbox
from server.runtime import calendar_providers
from server.runtime.process import running
from server.runtime.settings import PREFIX, Role, Settings, load_settings
from tests.server.served import Logs, captured_logs
from tests.support.service import Service

KEYS: Final = "test:" + base64.b64encode(hashlib.sha256(b"test").digest()).decode()
SENDER: Final = "CalendarSync <calendars@example.com>"


def settings_for(sandbox: Sandbox, dsn: str, **changes: Any) -> Settings:
    """For a process on this sandbox and database: free ports, and upkeep that comes round at once.

    What is changed to None is left out.
    """
    given = {
        "database_url": dsn,
        "encryption_keys": KEYS,
        "microsoft_client_id": sandbox.client_id,
        "microsoft_client_secret": sandbox.client_secret,
        "microsoft_authority": sandbox.authority,
        "microsoft_graph_url": sandbox.graph_url,
        "microsoft_ca_file": str(sandbox.ca_file),
        "google_client_id": sandbox.google_client_id,
        "google_client_secret": sandbox.google_client_secret,
        "google_authorization_url": sandbox.google_authorization_url,
        "google_token_url": sandbox.google_token_url,
        "google_revocation_url": sandbox.google_revocation_url,
        "google_keys_url": sandbox.google_keys_url,
        "google_calendar_url": sandbox.google_calendar_url,
        "google_ca_file": str(sandbox.ca_file),
        "apple_calendars": "on",
        "apple_start_url": sandbox.icloud_url,
        "apple_hosts": ",".join(one.removeprefix("https://") for one in sandbox.icloud_partition_urls),
        "apple_ca_file": str(sandbox.ca_file),
        "smtp_url": sandbox.smtp_url,
        "smtp_ca_file": str(sandbox.ca_file),
        "mail_from": SENDER,
        "grpc_address": "127.0.0.1:0",
        "http_address": "127.0.0.1:0",
        "operations_address": "127.0.0.1:0",
        "return_urls": "http://localhost:3000",
        "sweep_seconds": 0.1,
        "shutdown_grace_seconds": 5,
    }
    return load_settings(**{name: one for name, one in {**given, **changes}.items() if one is not None})


@asynccontextmanager
async def open_service(
    sandbox: Sandbox, dsn: str, *, role: Role = Role.ALL, logs: Logs, **changes: Any
) -> AsyncIterator[Service]:
    """A process with gRPC and a caller of it, with some settings other than the usual ones."""
    settings = settings_for(sandbox, dsn, **changes)
    async with (
        running(settings, role) as process,
        grpc.aio.insecure_channel(f"127.0.0.1:{process.grpc_port}") as channel,
        aiohttp.ClientSession() as http,
        await AsyncConnection.connect(
            dsn, autocommit=True, row_factory=dict_row, options=f"-c search_path={settings.cell}"
        ) as database,
    ):
        try:
            yield Service(
                channel=channel,
                sandbox=sandbox,
                process=process,
                settings=settings,
                http=http,
                database=database,
                logs=logs,
            )
        finally:
            # What it would still deliver is for nobody.
            await sandbox.delivery.forget()


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the person who runs the tests has set for a service of their own."""
    for name in [one for one in os.environ if one.startswith(PREFIX)]:
        monkeypatch.delenv(name)


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the tries of one read lies a second in all; here it is next to nothing."""
    pauses = (timedelta(milliseconds=1), timedelta(milliseconds=2))
    for name in ("microsoft_settings", "google_settings", "apple_settings"):
        monkeypatch.setattr(calendar_providers, name, _impatient(getattr(calendar_providers, name), pauses))


def _impatient(as_configured: Callable[..., Any], pauses: tuple[timedelta, ...]) -> Callable[..., Any]:
    def impatient(settings: Settings, **how: Any) -> Any:
        configured = as_configured(settings, **how)
        return configured and replace(configured, retry_pauses=pauses)

    return impatient


@pytest.fixture
def logs(no_settings: None, short_pauses: None) -> Iterator[Logs]:
    """What the process logs, with the one thing that is always wrong looked for in the end."""
    with captured_logs() as captured:
        yield captured
    faults = [one for one in captured.lines if one["event"] in {"unexpected fault", "job failed"}]
    assert not faults, faults


@pytest_asyncio.fixture
async def service(sandbox: Sandbox, dsn: str, logs: Logs) -> AsyncIterator[Service]:
    """The whole process, with an expert it knows."""
    async with open_service(sandbox, dsn, logs=logs) as opened:
        await opened.put_expert()
        yield opened
        sandbox.world.settings.notifications = "silent"
        sandbox.world.google.settings.pushes = "silent"
