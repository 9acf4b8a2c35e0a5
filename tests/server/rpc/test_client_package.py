"""The package for callers in Python, with our service at the other end."""

from collections.abc import Awaitable
from pathlib import Path

import grpc
import pytest

from calendarsync.v1.account_pb2 import PROVIDER_MICROSOFT
from calendarsync.v1.account_service_pb2 import StartConnectionRequest
from calendarsync.v1.account_service_pb2_grpc import AccountServiceStub
from calendarsync.v1.error_reason_pb2 import (
    ERROR_REASON_CREDENTIALS_MISSING,
    ERROR_REASON_EXPERT_NOT_FOUND,
    ERROR_REASON_INVALID_REQUEST,
)
from calendarsync.v1.expert_service_pb2 import GetExpertRequest
from calendarsync.v1.expert_service_pb2_grpc import ExpertServiceStub
from calendarsync_client import Failure, aio_channel, failure_of, follow
from domain.caller import Scope
from tests.server.served import Api, World
from tests.support.callers import api_on, guarded


async def failed(call: Awaitable[object]) -> Failure:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    return failure_of(error.value)


async def test_says_why_a_call_failed_by_reason(api: Api) -> None:
    unknown = await failed(ExpertServiceStub(api.channel).GetExpert(GetExpertRequest(expert_id="nobody")))
    assert (unknown.code, unknown.reason) == (grpc.StatusCode.NOT_FOUND, ERROR_REASON_EXPERT_NOT_FOUND)
    assert (unknown.fields, unknown.links, unknown.retry_after) == ({}, {}, None)


async def test_says_why_a_call_failed_by_field(api: Api) -> None:
    request = StartConnectionRequest(expert_id="with a space", provider=PROVIDER_MICROSOFT)
    failure = await failed(AccountServiceStub(api.channel).StartConnection(request))
    assert failure.reason == ERROR_REASON_INVALID_REQUEST
    assert set(failure.fields) == {"expert_id"}


async def test_a_token_goes_with_each_call_over_tls(world: World, tmp_path: Path) -> None:
    async with guarded(world, tmp_path) as door:
        address, trusted = f"localhost:{door.port}", door.authority.client()
        token = await door.token("booking", Scope.READ, Scope.WRITE)
        async with aio_channel(address, credentials=trusted, token=token) as channel:
            assert (await api_on(world, channel).put_expert()).expert_id
        async with aio_channel(address, credentials=trusted) as channel:
            failure = await failed(ExpertServiceStub(channel).GetExpert(GetExpertRequest(expert_id="ada")))
    assert failure.reason == ERROR_REASON_CREDENTIALS_MISSING


async def test_follows_the_feed_from_where_it_was_left(api: Api) -> None:
    feed = follow(api.channel)
    begun = await anext(feed)
    assert not begun.HasField("change")
    await feed.aclose()
    await api.put_expert("meanwhile")
    async for element in follow(api.channel, cursor=begun.cursor):
        if element.HasField("change"):
            assert element.change.expert_id == "meanwhile"
            break
