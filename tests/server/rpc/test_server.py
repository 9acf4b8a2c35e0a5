"""What stands beside our own services on the gRPC port, and how that is closed."""

import asyncio
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from calendarsync.v1 import change_service_pb2, change_service_pb2_grpc
from domain.account import Provider
from server.addresses import Address
from server.rpc.bounds import PING_FLOOR, Bounds
from server.rpc.server import SERVICES, Door, grpc_server
from tests.server.served import Api, Logs
from tests.support.pinging import pinging

GET_EXPERT = "/calendarsync.v1.ExpertService/GetExpert"


async def test_health_tells_of_the_whole_and_of_each_service(api: Api, logs: Logs) -> None:
    health: Any = health_pb2_grpc.HealthStub(api.channel)

    for service in ("", *SERVICES, "calendarsync.provider.MICROSOFT"):
        answer = await health.Check(health_pb2.HealthCheckRequest(service=service))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING, service

    unknown = await _outcome(health.Check(health_pb2.HealthCheckRequest(service="nonsense")))
    assert unknown is grpc.StatusCode.NOT_FOUND
    assert not logs.of("call")


async def test_health_of_the_provider_follows_the_alarm(api: Api, logs: Logs) -> None:
    health: Any = health_pb2_grpc.HealthStub(api.channel)
    alarms = api.world.container.alarms()
    watching = health.Watch(health_pb2.HealthCheckRequest(service="calendarsync.provider.MICROSOFT"))
    seen = []

    async def next_status() -> None:
        answer = await watching.read()
        assert isinstance(answer, health_pb2.HealthCheckResponse)
        seen.append(answer.status)

    await next_status()
    alarms.provider_misconfigured(Provider.MICROSOFT, "AADSTS7000222")
    alarms.provider_misconfigured(Provider.MICROSOFT, "AADSTS7000222")
    await next_status()
    alarms.provider_works(Provider.MICROSOFT)
    alarms.provider_works(Provider.MICROSOFT)
    await next_status()
    watching.cancel()

    serving, not_serving = (
        health_pb2.HealthCheckResponse.SERVING,
        health_pb2.HealthCheckResponse.NOT_SERVING,
    )
    assert seen == [serving, not_serving, serving]
    whole = await health.Check(health_pb2.HealthCheckRequest())
    assert whole.status == serving
    (raised,) = [line for line in logs.lines if line["level"] == "error"]
    assert raised["code"] == "AADSTS7000222"


@pytest.mark.parametrize(
    "name", ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"]
)
async def test_reflection_tells_of_the_services_of_itself_and_of_the_build(api: Api, name: str) -> None:
    channel: Any = api.channel
    reflected = channel.stream_stream(
        f"/{name}/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    asked = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol=name),
    ]
    call = reflected(iter(asked))
    services, described = [answer async for answer in call]

    listed = {one.name for one in services.list_services_response.service}
    assert listed >= {*SERVICES, "grpc.health.v1.Health", name}
    (file,) = described.file_descriptor_response.file_descriptor_proto
    assert FileDescriptorProto.FromString(file).package == name.removesuffix(".ServerReflection")
    assert dict(await call.initial_metadata())["calendarsync-version"] == version("calendarsync-service")


async def test_a_stopping_server_lets_running_calls_finish_and_says_so(api: Api) -> None:
    await api.put_expert()
    health: Any = health_pb2_grpc.HealthStub(api.channel)
    watching = health.Watch(health_pb2.HealthCheckRequest(service=""))
    await watching.read()
    held = api.world.provider.hold("begin")
    running = asyncio.ensure_future(api.start())
    await held.reached.wait()

    stopping = asyncio.ensure_future(api.server.stop(5))
    answer = await watching.read()
    held.release()

    assert isinstance(answer, health_pb2.HealthCheckResponse)
    assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING
    assert (await running).state
    watching.cancel()
    await stopping


async def test_a_stopping_server_does_not_wait_for_those_who_watch_its_health(api: Api) -> None:
    health: Any = health_pb2_grpc.HealthStub(api.channel)
    watching = health.Watch(health_pb2.HealthCheckRequest(service=""))
    await watching.read()

    async with asyncio.timeout(10):
        await api.server.stop(grace=60)
        await api.server.stop(grace=60)
    watching.cancel()


async def test_a_call_that_outlasts_the_grace_time_is_cut_off(api: Api) -> None:
    await api.put_expert()
    held = api.world.provider.hold("begin")
    running = asyncio.ensure_future(_outcome(api.start()))
    await held.reached.wait()

    async with asyncio.timeout(10):
        await api.server.stop(grace=0.1)

    assert await running in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}


SHORT_FLOOR = timedelta(seconds=0.2)


async def test_pings_at_the_floor_are_answered_for_good(api: Api) -> None:
    """The floor is a short one here, and held to like the one that the contract names."""
    world = api.world
    address = Address("127.0.0.1", 0)
    async with (
        grpc_server(
            world.container.servicers(),
            world.container.alarms(),
            address,
            providers=world.container.calendar_providers(),
            metrics=world.container.metrics().calls,
            door=Door(bounds=Bounds(ping_floor=SHORT_FLOOR)),
        ) as server,
        pinging(server.port) as client,
    ):
        for _ in range(8):
            client.ping()
            await client.listen(seconds=SHORT_FLOOR.total_seconds())
        assert (client.answered, client.ended) == (8, False)
        for _ in range(8):
            client.ping()
        await client.listen(seconds=10)
        assert client.ended


def test_the_floor_of_pings_is_the_one_that_the_contract_names() -> None:
    contract = Path("proto/calendarsync/v1/change_service.proto").read_text(encoding="utf-8")

    assert f"one every {PING_FLOOR.total_seconds():.0f} seconds" in contract
    assert ("grpc.http2.min_ping_interval_without_data_ms", 2500) in Bounds().options(None)
    assert ("grpc.keepalive_permit_without_calls", 1) in Bounds().options(None)


@pytest.mark.parametrize("days", [1 / 24, 25, 10_000])
async def test_a_stream_takes_any_deadline(api: Api, days: float) -> None:
    stub = change_service_pb2_grpc.ChangeServiceStub(api.channel)
    watching = stub.WatchChanges(change_service_pb2.WatchChangesRequest(), timeout=days * 86_400)

    first = await watching.read()

    assert isinstance(first, change_service_pb2.WatchChangesResponse)
    assert first.cursor
    watching.cancel()


def test_every_service_of_the_contract_is_served() -> None:
    declared = {
        f"calendarsync.v1.{line.split()[1]}"
        for file in Path("proto/calendarsync/v1").glob("*.proto")
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.startswith("service ")
    }
    assert declared == set(SERVICES)


async def _outcome(call: Any) -> grpc.StatusCode:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code()
    except asyncio.CancelledError:
        return grpc.StatusCode.CANCELLED
    return grpc.StatusCode.OK
