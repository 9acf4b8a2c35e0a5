"""The fixtures of this folder: the page in front of a service and a sandbox, with nothing replaced."""

import socket
from collections.abc import AsyncIterator

import pytest_asyncio
from aiohttp import web

from sandbox import Sandbox
from tests.examples.visitor import Visitor, address_of, serving_page, visiting
from tests.server.served import Logs
from tests.support.running_service import open_service
from tests.support.service import Service


@pytest_asyncio.fixture
async def service(sandbox: Sandbox, dsn: str, logs: Logs) -> AsyncIterator[Service]:
    """The whole process, which knows nobody yet."""
    async with open_service(sandbox, dsn, logs=logs) as opened:
        yield opened


@pytest_asyncio.fixture
async def page_app(service: Service, listening: socket.socket) -> AsyncIterator[web.Application]:
    """The page itself, served."""
    options = {
        "service": f"127.0.0.1:{service.process.grpc_port}",
        "sandbox_control": service.sandbox.control_url,
    }
    async with serving_page(listening, **options) as app:
        yield app


@pytest_asyncio.fixture
async def visitor(page_app: web.Application, listening: socket.socket) -> AsyncIterator[Visitor]:
    """Somebody who has not yet said who they are."""
    async with visiting(address_of(listening)) as one:
        yield one
