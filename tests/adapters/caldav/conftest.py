"""The fixtures of this folder: `server` answers what a test tells it, and `dav` talks to it; `chair` is somebody's at
the sandbox's iCloud, and `desk` writes there."""

from collections.abc import AsyncIterator

import pytest_asyncio

from sandbox import Sandbox
from tests.adapters.caldav.reading import Chair, chair_at
from tests.adapters.caldav.writing import Desk, desk_on
from tests.adapters.web.conftest import server
from tests.adapters.web.scripted_server import ScriptedServer
from tests.support.caldav import OpenDav, dav_on
from tests.support.microsoft import running_sandbox, sandbox

__all__ = ["chair", "dav", "desk", "running_sandbox", "sandbox", "server"]


@pytest_asyncio.fixture
async def dav(server: ScriptedServer) -> AsyncIterator[OpenDav]:
    async with dav_on(server.url, server.ca_file) as opened:
        yield opened


@pytest_asyncio.fixture
async def chair(sandbox: Sandbox) -> AsyncIterator[Chair]:
    async with chair_at(sandbox) as opened:
        yield opened


@pytest_asyncio.fixture
async def desk(sandbox: Sandbox) -> AsyncIterator[Desk]:
    async with desk_on(sandbox) as opened:
        yield opened
