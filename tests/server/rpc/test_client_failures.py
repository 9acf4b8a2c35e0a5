"""What our service says of a failed call, as its client package tells it."""

from collections.abc import Awaitable

import grpc
import pytest

from calendarsync.v1.account_pb2 import PROVIDER_MICROSOFT
from calendarsync.v1.account_service_pb2 import StartConnectionRequest
from calendarsync.v1.account_service_pb2_grpc import AccountServiceStub
from calendarsync.v1.error_reason_pb2 import (
    ERROR_REASON_EXPERT_NOT_FOUND,
    ERROR_REASON_INVALID_REQUEST,
)
from calendarsync.v1.expert_service_pb2 import GetExpertRequest
from calendarsync.v1.expert_service_pb2_grpc import ExpertServiceStub
from calendarsync_client import Failure, failure_of
from tests.server.served import Api


async def failed(call: Awaitable[object]) -> Failure:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    return failure_of(error.value)


async def test_by_reason(api: Api) -> None:
    unknown = await failed(ExpertServiceStub(api.channel).GetExpert(GetExpertRequest(expert_id="nobody")))
    assert (unknown.code, unknown.reason) == (grpc.StatusCode.NOT_FOUND, ERROR_REASON_EXPERT_NOT_FOUND)
    assert (unknown.fields, unknown.links, unknown.retry_after) == ({}, {}, None)


async def test_by_field(api: Api) -> None:
    request = StartConnectionRequest(expert_id="with a space", provider=PROVIDER_MICROSOFT)
    failure = await failed(AccountServiceStub(api.channel).StartConnection(request))
    assert failure.reason == ERROR_REASON_INVALID_REQUEST
    assert set(failure.fields) == {"expert_id"}
