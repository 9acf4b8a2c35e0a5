"""What the gRPC side takes at most of connections, and how streams end and go on when theirs gets old."""

import asyncio
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2

from calendarsync.v1 import change_service_pb2 as changes
from calendarsync.v1.expert_service_pb2 import GetExpertRequest
from server.addresses import Address
from server.rpc.bounds import LARGEST_RECEIVED, Bounds
from server.rpc.callers.limits import CallerLimits
from server.rpc.calls.open_streams import SHORTEST_PART
from server.rpc.calls.validation import LARGEST_REQUEST
from server.rpc.server import Door, grpc_server
from tests.builders import EXPERT
from tests.server.served import Api, World, failure_of, served

GET_EXPERT = "/calendarsync.v1.ExpertService/GetExpert"
SOON = timedelta(milliseconds=500)


async def test_a_stream_ends_with_a_reason_when_it_is_old_and_goes_on_from_its_cursor(world: World) -> None:
    async with served(world, door=Door(bounds=Bounds(connection_age=SOON))) as api:
        began = time.monotonic()
        watch: Any = api.changes.WatchChanges(changes.WatchChangesRequest())
        cursor = (await watch.read()).cursor

        ended = await failure_of(watch.read())

        assert time.monotonic() - began >= SHORTEST_PART * SOON.total_seconds()
        assert (ended.code, ended.reason) == (grpc.StatusCode.UNAVAILABLE, "STREAM_TOO_OLD")
        assert ended.detail(error_details_pb2.RetryInfo).retry_delay.ToTimedelta() <= timedelta(seconds=1)
        await api.put_expert()
        again: Any = api.changes.WatchChanges(changes.WatchChangesRequest(cursor=cursor))
        async with asyncio.timeout(10):
            while not (message := await again.read()).HasField("change"):
                pass
        assert message.change.expert_id == EXPERT


async def test_calls_go_on_while_connections_get_old(world: World) -> None:
    """The client makes another one, and its caller notices nothing."""
    async with served(world, door=Door(bounds=Bounds(connection_age=timedelta(milliseconds=50)))) as api:
        await api.put_expert()
        async with asyncio.timeout(20):
            for _ in range(3):
                await api.channel.wait_for_state_change(grpc.ChannelConnectivity.READY)
                call = api.experts.GetExpert(GetExpertRequest(expert_id=EXPERT))
                assert (await call).expert.expert_id == EXPERT


async def test_connections_are_counted(world: World) -> None:
    bounds = Bounds(most_connections=2, connection_age=None)
    async with served(world, door=Door(bounds=bounds)) as api:
        address = ("127.0.0.1", api.server.port)
        await failure_of(api.experts.GetExpert(GetExpertRequest(expert_id=EXPERT)))
        readers = [await asyncio.open_connection(*address) for _ in range(3)]

        async with asyncio.timeout(10):
            ended = [asyncio.create_task(_end_of(reader)) for reader, _ in readers]
            done, _ = await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)

        assert done
        assert (await failure_of(api.experts.GetExpert(GetExpertRequest(expert_id=EXPERT)))).reason
        for one in ended:
            one.cancel()
        await asyncio.wait(ended)
        for _, writer in readers:
            writer.close()


async def test_calls_whose_request_never_comes_are_counted_as_well(world: World) -> None:
    """Whoever begins them has not said who they are, and may never do so."""
    bounds = Bounds(most_calls=2, most_streams=2, spare=3, connection_age=None)
    async with served(world, door=Door(bounds=bounds)) as api, AsyncExitStack() as stack:
        await api.put_expert()
        silent: list[Any] = []
        for _ in range(2):  # more than a connection takes
            own = [("grpc.use_local_subchannel_pool", 1)]
            opening = grpc.aio.insecure_channel(f"127.0.0.1:{api.server.port}", options=own)
            begin: Any = (await stack.enter_async_context(opening)).stream_unary(GET_EXPERT)
            silent += [begin() for _ in range(bounds.most_at_once // 2)]
        async with asyncio.timeout(10):
            while await _get_expert(api) is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                pass

            for one in silent:
                one.cancel()

            while await _get_expert(api) is not grpc.StatusCode.OK:
                pass


def test_a_connection_takes_more_calls_than_its_caller_may_have() -> None:
    """So that whoever has too many is refused with a reason, and never left waiting in silence."""
    limits, bounds = CallerLimits(), Bounds()
    options = dict(bounds.options(limits))

    assert options["grpc.max_concurrent_streams"] > limits.streams + limits.calls_at_once
    assert dict(bounds.options(None))["grpc.max_concurrent_streams"] > bounds.most_streams + bounds.most_calls
    assert options["grpc.max_connection_age_grace_ms"] > options["grpc.max_connection_age_ms"]
    assert LARGEST_RECEIVED > LARGEST_REQUEST


@pytest.mark.parametrize("host", ["unix", "unix-abstract", "dns", "nowhere.invalid"])
async def test_a_name_is_that_of_a_host_or_of_nothing(world: World, tmp_path: Path, host: str) -> None:
    """The library would make a socket in the file system of `unix:50051`."""
    with pytest.raises(OSError, match=r"leads nowhere|not known|No address|resolution"):
        async with grpc_server(
            world.container.servicers(),
            world.container.alarms(),
            Address(host, 50999),
            providers=world.container.calendar_providers(),
            metrics=world.container.metrics().calls,
        ):
            pass
    assert not await asyncio.to_thread(Path("50999").exists)


async def _get_expert(api: Api) -> grpc.StatusCode:
    try:
        await api.experts.GetExpert(GetExpertRequest(expert_id=EXPERT))
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


async def _end_of(reader: asyncio.StreamReader) -> None:
    while await reader.read(1024):
        pass
