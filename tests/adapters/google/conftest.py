"""The fixtures of this folder. In the end of each test no request has gone out that Google's own description of its API
doesn't know, and nothing was asked for about events that the service may not ask for: `sandbox` sees to it."""

from collections.abc import AsyncIterator

import pytest_asyncio

from sandbox import Sandbox
from tests.support.google import OpenGoogle, google_on
from tests.support.microsoft import running_sandbox, sandbox

__all__ = ["google", "running_sandbox", "sandbox"]


@pytest_asyncio.fixture
async def google(sandbox: Sandbox) -> AsyncIterator[OpenGoogle]:
    async with google_on(sandbox) as opened:
        yield opened
