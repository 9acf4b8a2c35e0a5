"""An expert goes from one cell to another, both served beside each other, with sessions in a real calendar."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest_asyncio

from calendarsync.v1.session_pb2 import WRITE_STATUS_WRITTEN
from domain.ids import ExpertId
from sandbox import Sandbox
from server.runtime.moving import moving
from server.runtime.resources import migrated
from tests.server.served import Logs
from tests.support.calls import EXPERT, RETURN_URL
from tests.support.running_service import open_service, settings_for
from tests.support.service import Service, outcome


@dataclass(frozen=True, kw_only=True)
class Cells:
    east: Service
    west: Service

    async def move(self) -> None:
        async with moving(self.east.settings, to_cell="west") as move:
            await move(ExpertId(EXPERT))


@pytest_asyncio.fixture
async def cells(sandbox: Sandbox, dsn: str, logs: Logs) -> AsyncIterator[Cells]:
    await migrated(settings_for(sandbox, dsn, cell="west"))
    async with AsyncExitStack() as stack:
        east, west = [
            await stack.enter_async_context(open_service(sandbox, dsn, logs=logs, cell=cell))
            for cell in ("public", "west")
        ]
        await east.put_expert()
        yield Cells(east=east, west=west)


async def test_sessions_and_access_go_along_and_each_has_one_event(cells: Cells) -> None:
    east, west = cells.east, cells.west
    await east.connect("anna")
    await east.put_session()
    await east.written()
    await cells.move()

    assert await outcome(east.session()) == "EXPERT_MOVED"
    assert (await west.session()).event.status == WRITE_STATUS_WRITTEN
    await west.put_session(start=20)
    await west.written(revision=2)
    assert len(west.events("anna")) == 1
    await west.cancel_session()
    await west.written(revision=3)
    assert west.events("anna") == []


async def test_one_being_written_when_the_expert_leaves_has_one_event(cells: Cells) -> None:
    """The worker may end what it is at; what it could not begin, the other cell's does."""
    east, west = cells.east, cells.west
    await east.connect("anna")
    booked = [east.put_session(f"session-{number}", start=number) for number in range(20)]
    await asyncio.gather(*booked)
    await cells.move()
    await asyncio.gather(*(west.written(f"session-{number}") for number in range(20)))
    assert len(west.events("anna")) == 20
    assert await east.rows("SELECT FROM session") == []


async def test_a_sign_in_that_was_under_way_is_finished_in_the_new_cell(cells: Cells) -> None:
    east, west = cells.east, cells.west
    started = await east.start(return_url=RETURN_URL)
    landing = await east.sign_in(started.authorization_url, "anna")
    await cells.move()

    led_on = await east.open(landing)
    assert led_on.status == 307
    assert led_on.location.startswith(west.process.public_url)
    landed = await west.arrive(led_on.location)

    assert landed["outcome"] == "connected"
    assert len(await west.list_accounts()) == 1
