"""What it costs at Apple to keep an account's calendars fresh: one look, whatever they are, while nothing changes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest_asyncio

from adapters.caldav.kept_reads import SETTLES_AFTER
from domain.account import Provider
from domain.reading import Pace
from sandbox import Sandbox
from tests.adapters.caldav.reading import ASKS, LOOKS, Chair, chair_at
from tests.builders import ACCOUNT
from tests.fakes.provider import FakeProvider
from tests.support.fake_ports import ports_of
from tests.support.microsoft import SandboxClock, running_sandbox, sandbox
from tests.support.reading_fleet import MINUTE, Fleet, fleet_of
from tests.support.stores import KeptByPostgres

__all__ = ["running_sandbox", "sandbox"]


@pytest_asyncio.fixture
async def chair(sandbox: Sandbox) -> AsyncIterator[Chair]:
    how: dict[str, Any] = {
        "gathered_for": timedelta(milliseconds=100),
        "clock": SandboxClock(sandbox),
        "settles_after": SETTLES_AFTER,
    }
    async with chair_at(sandbox, "ines", **how) as opened:
        opened.dav.store.tables.grants[ACCOUNT] = opened.dav.store.tables.grants[opened.account]
        yield opened


@pytest_asyncio.fixture
async def fleet(kept: KeptByPostgres, chair: Chair) -> AsyncIterator[Fleet]:
    listed = await chair.dav.directory.list_calendars(ACCOUNT)
    assert sorted(one.writable for one in listed) == [False, True, True, True]
    fake = ports_of(FakeProvider(chair.dav.store, Provider.APPLE), push=None)
    ports = replace(fake, reader=chair.reader, answers_together=True, with_writable=True)
    async with fleet_of(kept, chair.sandbox, ports, Provider.APPLE, listed, Pace()) as opened:
        yield opened


async def test_while_nothing_changes_a_poll_takes_one_request(fleet: Fleet) -> None:
    for _ in range(2):  # once more when the tags have settled
        assert await fleet.poll() == [LOOKS] + [ASKS] * 4
        fleet.wait(minutes=5)
    for _ in range(3):
        fleet.wait(minutes=5)
        assert await fleet.poll() == [LOOKS]
        assert await fleet.older_than(MINUTE) == set()
    assert await fleet.look() == [LOOKS]


async def test_a_change_costs_two_more(fleet: Fleet, chair: Chair) -> None:
    for _ in range(2):
        await fleet.poll()
        fleet.wait(minutes=5)
    chair.add(chair.world.clock.now() + timedelta(days=1), calendar="work")
    for expected in ([LOOKS, ASKS], [LOOKS, ASKS], [LOOKS]):
        assert await fleet.poll() == expected
        fleet.wait(minutes=5)


async def test_the_first_poll_of_another_day_is_answered_from_what_was_read(fleet: Fleet) -> None:
    """Windows move on at midnight, and more was read than they reached over."""
    await fleet.poll()
    fleet.wait(minutes=5)
    await fleet.poll()
    for _ in range(3):
        fleet.wait(minutes=6 * 60)
        assert await fleet.poll() == [LOOKS]
    fleet.wait(minutes=7 * 60)
    assert await fleet.poll() == [LOOKS] + [ASKS] * 4
