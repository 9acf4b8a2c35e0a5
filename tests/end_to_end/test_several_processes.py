"""Several processes on one database: each session gets one event, and what one process leaves another takes up."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio

from sandbox import Sandbox
from server.runtime.process import running
from server.runtime.settings import Role
from tests.server.served import Logs
from tests.support.running_service import open_service, settings_for
from tests.support.service import Service


@pytest_asyncio.fixture
async def api(sandbox: Sandbox, dsn: str, logs: Logs) -> AsyncIterator[Service]:
    """A process that answers calls and runs no jobs, with an expert whose account is connected elsewhere."""
    async with open_service(sandbox, dsn, logs=logs, role=Role.API) as service:
        await service.put_expert()
        yield service


async def test_each_part_does_its_own_work(api: Service, dsn: str) -> None:
    settings = settings_for(api.sandbox, dsn)
    async with running(settings, Role.WEB) as web, running(settings, Role.WORKER) as worker:
        assert (web.grpc_port, worker.grpc_port, web.worker, api.process.worker) == (None, None, None, None)
        started = await api.start(redirect_uri="http://localhost:3000/microsoft")
        await api.complete(await api.sign_in(started.authorization_url, "anna"))
        for process in (web, worker):
            assert (await api.open(f"{process.public_url}/readyz")).status == 200
        assert (await api.open(f"{web.public_url}/reconnect/unknown")).status == 400
        assert "Nothing is left" not in (await api.open(f"{worker.public_url}/reconnect/unknown")).text
        await api.put_session()
        await api.written()


async def test_workers_that_race_write_each_session_once(api: Service, dsn: str) -> None:
    world = api.sandbox.world
    world.settings.transaction_mode = "duplicates"  # Microsoft would not catch a second event
    world.settings.delay_seconds = 0.02
    world.settings.concurrency_limit = 100  # two processes don't know of each other's requests
    await connect(api)
    settings = settings_for(api.sandbox, dsn)
    async with running(settings, Role.WORKER), running(settings, Role.WORKER):
        wishes = [api.put_session(f"session-{number}", start=number) for number in range(12)]
        await asyncio.gather(*wishes)
        await asyncio.gather(
            *(api.put_session(f"session-{number}", start=12 + number) for number in range(6))
        )
        for number in range(12):
            await api.written(f"session-{number}", revision=2 if number < 6 else 1)
        await api.idle()
    assert sorted(one.start.hour for one in api.events("anna")) == [6, 7, 8, 9, 10, 11, *range(12, 18)]


async def test_a_session_is_written_by_one_worker_at_a_time(api: Service, dsn: str) -> None:
    world = api.sandbox.world
    world.settings.transaction_mode = "duplicates"
    await connect(api)
    settings = settings_for(api.sandbox, dsn)
    async with running(settings, Role.WORKER), running(settings, Role.WORKER):
        world.faults.add(kind="hang", seconds=60, method="POST", path="/events$")
        await api.put_session()
        await api.sandbox.hangs.reached()
        for number in range(4):
            await api.put_session(title=f"Version {number}")
        asked = [one for one in world.traffic.requests if one.surface == "graph"]
        api.sandbox.hangs.release()
        await api.written(revision=5)
        await api.idle()
    assert not [one for one in asked if "/events" in one.path], "only the one that hangs wrote"
    assert [one.subject for one in api.events("anna")] == ["Version 3"]


async def test_another_worker_takes_over_from_one_that_is_stuck(api: Service, dsn: str) -> None:
    world = api.sandbox.world
    world.settings.transaction_mode = "duplicates"
    await connect(api)
    settings = settings_for(api.sandbox, dsn)
    async with running(settings, Role.WORKER):
        world.faults.add(kind="hang", seconds=60, method="POST", path="/events$", perform=True)
        await api.put_session()
        await api.sandbox.hangs.reached()
        async with running(settings, Role.WORKER):
            await api.hurry()
            await api.written()
            # What the first worker has to say now comes too late.
            api.sandbox.hangs.release()
            await api.idle()
        await api.put_session(title="Changed")
        await api.written(revision=2)
    assert [one.subject for one in api.events("anna")] == ["Changed"]


async def test_a_loss_noticed_by_several_processes_is_mailed_once(api: Service, dsn: str) -> None:
    await connect(api)
    settings = settings_for(api.sandbox, dsn)
    async with running(settings, Role.WORKER), running(settings, Role.WORKER):
        api.sandbox.world.grants.revoke("anna", access_tokens=True)
        sessions = [api.put_session(f"session-{number}", start=number) for number in range(8)]
        await asyncio.gather(*sessions, *(api.busy() for _ in range(4)))
        for number in range(8):
            await api.waits("RECONNECT_REQUIRED", f"session-{number}")
        await api.idle()
        await api.hurry()
        await api.idle()
    assert len(api.sandbox.mails) == 1


async def test_of_several_processes_one_fetches_the_next_token(api: Service, dsn: str) -> None:
    """Where a used refresh token is revoked at once a second one would cost the account its access."""
    world = api.sandbox.world
    world.settings.refresh_tokens_used_once = True
    world.settings.access_token_seconds = 1
    await connect(api)
    world.settings.access_token_seconds = 3600
    world.settings.concurrency_limit = 100
    settings = settings_for(api.sandbox, dsn)
    before = sum(one.surface == "token" for one in world.traffic.requests)
    async with running(settings, Role.WORKER), running(settings, Role.WORKER):
        sessions = (api.put_session(f"session-{number}", start=number) for number in range(8))
        looks = (api.busy(max_age=timedelta()) for _ in range(8))
        _, answers = await asyncio.gather(asyncio.gather(*sessions), asyncio.gather(*looks))
        for number in range(8):
            await api.written(f"session-{number}")
        await api.idle()
    assert sum(one.surface == "token" for one in world.traffic.requests) == before + 1
    assert all(answer.complete for answer in answers)
    assert not api.sandbox.mails
    assert not await api.rows("SELECT 1 FROM incident")


async def connect(api: Service) -> None:
    """Anna's account, through the caller's own page: this process serves none."""
    started = await api.start(redirect_uri="http://localhost:3000/microsoft")
    await api.complete(await api.sign_in(started.authorization_url, "anna"))
