"""A new version in the place of the old one, replica by replica and under load: no caller sees a failed call."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack

import grpc.aio
import pytest
import pytest_asyncio

from bench.builds import NOW, Build, BuildMissing, build_before
from calendarsync.v1.change_service_pb2 import Change
from sandbox import Sandbox
from sandbox.identity.shortcut import authorize_as
from tests.support.calls import EXPERT, REDIRECT_URI, Calls
from tests.support.fleet import REPLICAS, Fleet, fleet
from tests.support.running_service import settings_for
from tests.support.service import until
from tests.support.steady_load import SteadyLoad
from tests.support.watching import follow, kind_of, watching

VERSION_BEFORE = "75b1c0aff56568213dfafa653e154f6b62bf32b6"
"""Of 29 November 2026: the last one without callers' identities."""
BETWEEN = 200
"""Calls that must be answered between two steps of the update."""
TAKES_TURNS = (
    (
        "grpc.service_config",
        '{"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": ""}}',
    ),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
)
"""As the README tells callers: left to itself, a client tries an address that was away only after up to two minutes."""


@pytest.fixture(scope="module")
def before() -> Iterator[Build]:
    """The version before; in a checkout without its history this one, which is restarted then instead of updated."""
    with ExitStack() as stack:
        try:
            build = stack.enter_context(build_before(VERSION_BEFORE))
        except BuildMissing:
            build = NOW
        yield build


@pytest_asyncio.fixture
async def updating(
    sandbox: Sandbox, empty_dsn: str, no_settings: None, before: Build
) -> AsyncIterator[Fleet]:
    """The version before, on a database of its own making."""
    settings = settings_for(sandbox, empty_dsn, shutdown_grace_seconds=20)
    # Processes don't know of each other's requests, and all is one mailbox.
    sandbox.world.settings.concurrency_limit = 100
    async with fleet(settings, before) as running:
        yield running
        await sandbox.delivery.forget()


async def test_replicas_are_replaced_without_a_failed_call(updating: Fleet, sandbox: Sandbox) -> None:
    async with grpc.aio.insecure_channel(updating.grpc_target, options=TAKES_TURNS) as channel:
        calls = Calls(channel=channel)
        await connect(calls, sandbox)
        async with watching(calls, EXPERT) as watch:
            cursor = watch.cursor
        load = SteadyLoad(calls=calls, beside_the_version_before=True)
        codes = []
        for number in range(REPLICAS):  # what stops here is the version before, which may refuse callers
            async with load.calling():
                await load.many_more(BETWEEN)
            codes += await updating.replace(number, NOW)
        load.beside_the_version_before = False
        async with load.calling():
            for number in range(REPLICAS):
                await updating.found_again()
                codes += await updating.replace(number, NOW)
            await updating.found_again()
            await load.many_more(BETWEEN)
        assert load.failed == []
        assert set(codes) == {0}
        await until_each_has_one_event(sandbox, len(load.booked))
        await calls.hold("the-last-one")
        seen, _ = await follow(calls, cursor, expert_id=EXPERT, to=is_about("the-last-one"))
    accepted = [one.session_id for one in seen if kind_of(one) == "SESSION_ACCEPTED"]
    assert sorted(accepted) == sorted(load.booked), "each booking once in the feed"


async def connect(calls: Calls, sandbox: Sandbox) -> None:
    """An expert with Anna's account."""
    await calls.put_expert()
    started = await calls.start(redirect_uri=REDIRECT_URI)
    await calls.complete(authorize_as(sandbox.world, started.authorization_url, "anna").url)


async def until_each_has_one_event(sandbox: Sandbox, sessions: int) -> None:
    async def marks() -> list[str]:
        return [one.transaction_id for one in sandbox.world.events.all("anna") if one.transaction_id]

    found = await until(marks, lambda marks: len(marks) >= sessions)
    assert len(found) == len(set(found)) == sessions


def is_about(hold_id: str) -> Callable[[Change], bool]:
    return lambda change: change.hold_id == hold_id
