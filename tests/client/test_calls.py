"""The client's channel and failures, on a scripted service; tests/server/rpc/test_client_package.py has ours."""

from collections.abc import Awaitable
from datetime import timedelta

import grpc
import pytest

from calendarsync.v1.error_reason_pb2 import ERROR_REASON_STORE_UNAVAILABLE, ERROR_REASON_UNSPECIFIED
from calendarsync.v1.expert_service_pb2 import DeleteExpertRequest, GetExpertRequest
from calendarsync.v1.expert_service_pb2_grpc import ExpertServiceStub
from calendarsync_client import Failure, aio_channel, channel, failure_of
from tests.client.scripted_service import Fails, ScriptedService, served

AWAY = Fails(grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE", timedelta(milliseconds=1500))


async def test_repeats_what_may_be_repeated() -> None:
    service = ScriptedService(calls=[AWAY, AWAY])
    async with served(service) as address, aio_channel(address) as client:
        await ExpertServiceStub(client).GetExpert(GetExpertRequest(expert_id="ada"))
    assert service.asked == ["GetExpert"] * 3


async def test_repeats_nothing_whose_repeat_means_something_else() -> None:
    service = ScriptedService(calls=[AWAY])
    async with served(service) as address, aio_channel(address) as client:
        failure = await failed(ExpertServiceStub(client).DeleteExpert(DeleteExpertRequest(expert_id="ada")))
    assert service.asked == ["DeleteExpert"]
    assert (failure.reason_name, failure.retry_after) == ("STORE_UNAVAILABLE", timedelta(seconds=1.5))


async def test_a_reason_of_a_newer_service_has_its_name() -> None:
    service = ScriptedService(calls=[Fails(grpc.StatusCode.NOT_FOUND, "NEVER_HEARD_OF")])
    async with served(service) as address, aio_channel(address) as client:
        failure = await failed(ExpertServiceStub(client).GetExpert(GetExpertRequest(expert_id="ada")))
    assert (failure.reason, failure.reason_name) == (ERROR_REASON_UNSPECIFIED, "NEVER_HEARD_OF")
    assert failure.code is grpc.StatusCode.NOT_FOUND


async def test_a_reason_counts_whatever_the_service_is_called_and_says_whose_it_is() -> None:
    away = grpc.StatusCode.UNAVAILABLE
    service = ScriptedService(
        calls=[Fails(away, "STORE_UNAVAILABLE"), Fails(away, "UPSTREAM_RESET", domain="mesh.example")]
    )
    async with served(service) as address, aio_channel(address) as client:
        ours, theirs = [
            await failed(ExpertServiceStub(client).DeleteExpert(DeleteExpertRequest(expert_id="ada")))
            for _ in range(2)
        ]
    assert (ours.reason, ours.domain) == (ERROR_REASON_STORE_UNAVAILABLE, "calendars.experts.example")
    assert (theirs.reason, theirs.reason_name) == (ERROR_REASON_UNSPECIFIED, "UPSTREAM_RESET")
    assert theirs.domain == "mesh.example"


async def failed(call: Awaitable[object]) -> Failure:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    return failure_of(error.value)


@pytest.mark.parametrize("make", [aio_channel, channel])
async def test_a_token_never_travels_in_plain_text(make: type) -> None:
    with pytest.raises(ValueError, match="plain text"):
        make("127.0.0.1:1", token="secret")
