"""The fixtures of this folder: the page of connected calendars, in front of the service with fakes behind it."""

import socket
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from domain.account import Provider
from tests.examples.visitor import Visitor, address_of, serving_page, visiting
from tests.server.http.browser import Browser, at_http
from tests.server.served import RETURN_URL, Api, a_world, served
from tests.support.microsoft import running_sandbox, sandbox
from tests.support.running_service import logs, no_settings, short_pauses

__all__ = ["logs", "no_settings", "running_sandbox", "sandbox", "short_pauses"]


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """Where the page will be: bound before the service, which must allow its address as a way back."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        yield bound


@pytest.fixture
def configured() -> tuple[Provider, ...]:
    """The providers that the service has; a test that wants others has a fixture of this name."""
    return tuple(Provider)


@pytest_asyncio.fixture
async def api(listening: socket.socket, configured: tuple[Provider, ...]) -> AsyncIterator[Api]:
    """The service, with an expert it knows."""
    world = a_world(configured=configured, return_urls=(address_of(listening), RETURN_URL))
    async with served(world) as client:
        await client.put_expert()
        yield client


@pytest_asyncio.fixture
async def doorstep(api: Api) -> AsyncIterator[Browser]:
    """The service's own pages, where browsers come back from providers."""
    async with at_http(api.world, api.world.container.web_app()) as browser:
        yield browser


@pytest_asyncio.fixture
async def visitor(api: Api, listening: socket.socket) -> AsyncIterator[Visitor]:
    """Somebody who has not yet said who they are."""
    async with (
        serving_page(listening, service=f"127.0.0.1:{api.server.port}"),
        visiting(address_of(listening)) as one,
    ):
        yield one
