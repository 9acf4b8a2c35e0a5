"""The fixtures of this folder: the page of connected calendars in front of a service and a sandbox of its own."""

import socket
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from sandbox import Sandbox
from tests.examples.visitor import Visitor, address_of, serving_page, visiting
from tests.server.served import Logs
from tests.support.microsoft import running_sandbox, sandbox
from tests.support.running_service import logs, no_settings, open_service, short_pauses
from tests.support.service import Service

__all__ = ["logs", "no_settings", "running_sandbox", "sandbox", "short_pauses"]


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """Where the page will be: bound before the service, which must allow its address as a way back."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        yield bound


@pytest_asyncio.fixture
async def service(sandbox: Sandbox, dsn: str, logs: Logs, listening: socket.socket) -> AsyncIterator[Service]:
    async with open_service(sandbox, dsn, logs=logs, return_urls=address_of(listening)) as opened:
        yield opened


@pytest_asyncio.fixture
async def visitor(service: Service, listening: socket.socket) -> AsyncIterator[Visitor]:
    """Somebody who has not yet said who they are."""
    grpc = f"127.0.0.1:{service.process.grpc_port}"
    async with (
        serving_page(listening, service=grpc, sandbox_control=service.sandbox.control_url),
        visiting(address_of(listening)) as one,
    ):
        yield one
