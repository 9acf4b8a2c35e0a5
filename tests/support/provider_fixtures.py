"""The fixture `provider`: every suite that asks for it runs on the fake ones and on the real adapters.

A suite that doesn't concern one of them names it in its `WITHOUT`. In its `ALSO` are kinds for Apple's adapter alone:
an iCloud that is other than supposed wherever nobody knows, and a server that somebody else wrote.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import CodeType
from typing import Any, Final

import pytest
import pytest_asyncio

from sandbox import Sandbox
from tests.support.apple_harness import apple_harness
from tests.support.fake_harness import FakeHarness
from tests.support.google_harness import google_harness
from tests.support.microsoft import running_sandbox, sandbox
from tests.support.providers import ProviderHarness, Trouble
from tests.support.radicale import Radicale, radicale
from tests.support.radicale_harness import BEYOND, radicale_harness
from tests.support.sandbox_harness import sandbox_harness

__all__ = ["provider", "provider_kind", "provider_server", "radicale", "running_sandbox", "sandbox"]

_ON_SANDBOX: Final[Mapping[str, Callable[[Sandbox], AbstractAsyncContextManager[ProviderHarness]]]] = {
    "microsoft": sandbox_harness,
    "google": google_harness,
    "apple": apple_harness,
    "apple_otherwise": partial(apple_harness, otherwise=True),
}
FAKES: Final = ("fake", "fake_that_remembers")
"""They differ in what they make of the mark of a deleted event, in what they tell of calendars that hold nothing of
ours, in whether they renew subscriptions or replace them, and in whether one refusal proves that access is lost."""
KINDS: Final = (*FAKES, "microsoft", "google", "apple")
NEVER: Final = dict.fromkeys(("apple", "apple_otherwise"), frozenset({Trouble.MISCONFIGURATION}))
"""What can't be wrong at a provider: at Apple nothing proves who we are."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "provider_kind" in metafunc.fixturenames:
        without = getattr(metafunc.module, "WITHOUT", ())
        kinds = [one for one in KINDS if one not in without]
        kinds += [one for one in getattr(metafunc.module, "ALSO", ()) if _takes(metafunc, one)]
        metafunc.parametrize("provider_kind", kinds, indirect=True)


def _takes(metafunc: pytest.Metafunc, kind: str) -> bool:
    """Whether a test speaks of nothing that this kind can't do: the names of what it calls say so."""
    code: CodeType = metafunc.function.__code__
    return kind != "radicale" or BEYOND.isdisjoint(code.co_names)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out the troubles that a provider can't have."""
    without = [one for one in items if _can_never_be(getattr(one, "callspec", None))]
    if without:
        config.hook.pytest_deselected(items=without)
        items[:] = [one for one in items if one not in without]


def _can_never_be(callspec: Any) -> bool:
    parameters = {} if callspec is None else callspec.params
    never = NEVER.get(parameters.get("provider_kind", ""), frozenset())
    return bool(never) and any(isinstance(one, Trouble) and one in never for one in parameters.values())


@pytest.fixture
def provider_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def provider_server(request: pytest.FixtureRequest, provider_kind: str) -> Sandbox | Radicale | None:
    """None for the fakes, for which nothing has to run."""
    if provider_kind in FAKES:
        return None
    started: Sandbox | Radicale = request.getfixturevalue(
        "radicale" if provider_kind == "radicale" else "sandbox"
    )
    return started


@pytest_asyncio.fixture
async def provider(
    provider_kind: str, provider_server: Sandbox | Radicale | None
) -> AsyncIterator[ProviderHarness]:
    match provider_server:
        case None:
            other = provider_kind == "fake_that_remembers"
            yield FakeHarness(
                remembers_deleted=other,
                merges_foreign=other,
                replaces_subscriptions=other,
                proves_loss=not other,
            )
        case Radicale():
            async with radicale_harness(provider_server) as on_radicale:
                yield on_radicale
        case Sandbox():
            async with _ON_SANDBOX[provider_kind](provider_server) as on_sandbox:
                yield on_sandbox
