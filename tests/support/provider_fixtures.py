"""The fixture `provider`: every suite that asks for it runs on the fake and on the real adapter."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sandbox import Sandbox
from tests.support.fake_harness import FakeHarness
from tests.support.microsoft import running_sandbox, sandbox
from tests.support.providers import ProviderHarness
from tests.support.sandbox_harness import sandbox_harness

__all__ = ["microsoft", "provider", "running_sandbox", "sandbox"]


@pytest.fixture(params=["fake", "microsoft"])
def microsoft(request: pytest.FixtureRequest) -> Sandbox | None:
    """None for the fake, for which nothing has to run."""
    if request.param == "fake":
        return None
    started: Sandbox = request.getfixturevalue("sandbox")
    return started


@pytest_asyncio.fixture
async def provider(microsoft: Sandbox | None) -> AsyncIterator[ProviderHarness]:
    if microsoft is None:
        yield FakeHarness()
        return
    async with sandbox_harness(microsoft) as harness:
        yield harness
