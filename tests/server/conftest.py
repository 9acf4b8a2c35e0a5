"""Fixtures of the server's tests."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.server.http.browser import Browser, at_http
from tests.server.served import Api, Logs, World, a_world, captured_logs, served


@pytest.fixture
def world() -> World:
    return a_world()


@pytest_asyncio.fixture
async def api(world: World) -> AsyncIterator[Api]:
    async with served(world) as client:
        yield client


@pytest.fixture
def logs() -> Iterator[Logs]:
    with captured_logs() as captured:
        yield captured


@pytest_asyncio.fixture
async def browser(world: World) -> AsyncIterator[Browser]:
    async with at_http(world, world.container.web_app()) as browser:
        yield browser
