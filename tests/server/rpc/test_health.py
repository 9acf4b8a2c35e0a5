"""Health is open to everybody, so nobody must be able to do harm by it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from grpc_health.v1 import health_pb2 as pb
from grpc_health.v1 import health_pb2_grpc

from server.rpc.health import LONGEST_NAME, NOT_SERVING, SERVING, Health


@pytest.fixture
def health() -> Health:
    return Health(most_watchers=3)


@pytest_asyncio.fixture
async def stub(health: Health) -> AsyncIterator[Any]:
    server = grpc.aio.server()
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        yield stub
    await server.stop(0)


async def test_a_watcher_sees_each_change_and_what_nobody_knows_as_such(health: Health, stub: Any) -> None:
    health.set("a", SERVING)
    known, unknown = (stub.Watch(pb.HealthCheckRequest(service=one)) for one in ("a", "later"))
    seen = [(await known.read()).status, (await unknown.read()).status]

    health.set("a", SERVING)
    health.set("a", NOT_SERVING)
    health.set("later", SERVING)

    seen += [(await known.read()).status, (await unknown.read()).status]
    assert seen == [SERVING, pb.HealthCheckResponse.SERVICE_UNKNOWN, NOT_SERVING, SERVING]


async def test_nothing_is_served_any_more_once_it_stops(health: Health, stub: Any) -> None:
    health.set("a", SERVING)

    health.stop()
    health.set("a", SERVING)

    assert (await stub.Check(pb.HealthCheckRequest(service="a"))).status == NOT_SERVING


async def test_watchers_are_counted_and_one_that_leaves_makes_room(stub: Any) -> None:
    watches = [stub.Watch(pb.HealthCheckRequest(service=f"{number}")) for number in range(3)]
    for one in watches:
        await one.read()

    assert await _refused(stub.Watch(pb.HealthCheckRequest())) is grpc.StatusCode.RESOURCE_EXHAUSTED

    watches[0].cancel()
    async with asyncio.timeout(10):
        while await _refused(watch := stub.Watch(pb.HealthCheckRequest())) is not None:
            pass
    watch.cancel()


async def test_names_that_no_service_has_are_not_kept(stub: Any) -> None:
    too_long = pb.HealthCheckRequest(service="x" * (LONGEST_NAME + 1))

    assert await _refused(stub.Watch(too_long)) is grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(grpc.aio.AioRpcError) as unknown:
        await stub.Check(too_long)
    assert unknown.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_watcher_that_does_not_read_keeps_nobody_waiting() -> None:
    """The library's own holds a lock while it writes: nobody else heard anything, and the server could not stop."""
    health, stuck, others = Health(), _Context(reads=False), _Context(reads=True)
    health.set("a", SERVING)
    request = pb.HealthCheckRequest(service="a")
    watching = [asyncio.create_task(health.Watch(request, one)) for one in (stuck, others)]  # type: ignore[arg-type]
    await others.until(1)

    health.stop()

    await others.until(2)
    assert others.sent == [SERVING, NOT_SERVING]
    for one in watching:
        one.cancel()
    await asyncio.wait(watching)


class _Context:
    """A caller's end; one that doesn't read takes its first message for good."""

    def __init__(self, *, reads: bool) -> None:
        self.sent: list[int] = []
        self._reads = reads
        self._written = asyncio.Event()

    async def write(self, message: pb.HealthCheckResponse) -> None:
        if not self._reads:
            await asyncio.Event().wait()
        self.sent.append(message.status)
        self._written.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.sent) < count:
                self._written.clear()
                await self._written.wait()


async def _refused(watch: Any) -> grpc.StatusCode | None:
    try:
        await watch.read()
    except grpc.aio.AioRpcError as error:
        return error.code()
    return None
