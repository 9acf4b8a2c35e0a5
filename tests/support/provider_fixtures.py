"""The fixture `provider`: every suite that asks for it runs on the fake and on the real adapter."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sandbox import Sandbox
from tests.support.fake_harness import FakeHarness
from tests.support.microsoft import running_sandbox, sandbox
from tests.support.providers import ProviderHarness
from tests.support.sandbox_harness import sandbox_harness

__all__ = ["kind", "microsoft", "provider", "running_sandbox", "sandbox"]


@pytest.fixture(params=["fake", "fake_that_remembers", "microsoft"])
def kind(request: pytest.FixtureRequest) -> str:
    """The fakes differ in what they make of the mark of a deleted event, in what they tell of calendars that hold
    nothing of ours, and in whether they renew subscriptions or replace them."""
    return str(request.param)


@pytest.fixture
def microsoft(request: pytest.FixtureRequest, kind: str) -> Sandbox | None:
    """None for the fakes, for which nothing has to run."""
    if kind != "microsoft":
        return None
    started: Sandbox = request.getfixturevalue("sandbox")
    return started


@pytest_asyncio.fixture
async def provider(kind: str, microsoft: Sandbox | None) -> AsyncIterator[ProviderHarness]:
    if microsoft is None:
        other = kind == "fake_that_remembers"
        yield FakeHarness(remembers_deleted=other, merges_foreign=other, replaces_subscriptions=other)
        return
    async with sandbox_harness(microsoft) as harness:
        yield harness
