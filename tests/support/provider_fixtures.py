"""The fixture `provider`: every suite that asks for it runs on the fake ones and on the real adapters.

A suite that doesn't concern one of them names it in its `WITHOUT`.
"""

from collections.abc import AsyncIterator
from typing import Final

import pytest
import pytest_asyncio

from sandbox import Sandbox
from tests.support.fake_harness import FakeHarness
from tests.support.google_harness import google_harness
from tests.support.microsoft import running_sandbox, sandbox
from tests.support.providers import ProviderHarness
from tests.support.sandbox_harness import sandbox_harness

__all__ = ["provider", "provider_kind", "provider_sandbox", "running_sandbox", "sandbox"]

FAKES: Final = ("fake", "fake_that_remembers")
"""They differ in what they make of the mark of a deleted event, in what they tell of calendars that hold nothing of
ours, in whether they renew subscriptions or replace them, and in whether one refusal proves that access is lost."""
KINDS: Final = (*FAKES, "microsoft", "google")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "provider_kind" in metafunc.fixturenames:
        without = getattr(metafunc.module, "WITHOUT", ())
        kinds = [one for one in KINDS if one not in without]
        metafunc.parametrize("provider_kind", kinds, indirect=True)


@pytest.fixture
def provider_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def provider_sandbox(request: pytest.FixtureRequest, provider_kind: str) -> Sandbox | None:
    """None for the fakes, for which nothing has to run."""
    if provider_kind in FAKES:
        return None
    started: Sandbox = request.getfixturevalue("sandbox")
    return started


@pytest_asyncio.fixture
async def provider(provider_kind: str, provider_sandbox: Sandbox | None) -> AsyncIterator[ProviderHarness]:
    if provider_sandbox is None:
        other = provider_kind == "fake_that_remembers"
        yield FakeHarness(
            remembers_deleted=other,
            merges_foreign=other,
            replaces_subscriptions=other,
            proves_loss=not other,
        )
        return
    open_harness = google_harness if provider_kind == "google" else sandbox_harness
    async with open_harness(provider_sandbox) as harness:
        yield harness
