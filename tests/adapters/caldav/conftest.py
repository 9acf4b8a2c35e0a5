"""The fixtures of this folder: `server` answers what a test tells it, and `dav` talks to it."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.adapters.web.conftest import server
from tests.adapters.web.scripted_server import ScriptedServer
from tests.support.caldav import OpenDav, dav_on

__all__ = ["dav", "server"]


@pytest_asyncio.fixture
async def dav(server: ScriptedServer) -> AsyncIterator[OpenDav]:
    async with dav_on(server.url, server.ca_file) as opened:
        yield opened
