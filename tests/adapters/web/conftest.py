"""The fixtures of this folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.adapters.web.scripted_server import ScriptedServer, scripted_server
from tests.support.microsoft import running_sandbox, sandbox

__all__ = ["running_sandbox", "sandbox", "server"]


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[ScriptedServer]:
    async with scripted_server(tmp_path) as running:
        yield running
