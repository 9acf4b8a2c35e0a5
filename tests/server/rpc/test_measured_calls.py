"""What Prometheus is told of calls."""

from typing import Any

import grpc
import grpc.aio
import pytest

from calendarsync.v1.change_service_pb2 import WatchChangesRequest
from calendarsync.v1.expert_service_pb2 import GetExpertRequest
from tests.server.served import Api, Logs


def sample(api: Api, name: str, **labels: str) -> float:
    """0 for what was never met."""
    value = api.world.container.metrics().registry.get_sample_value(f"calendarsync_{name}", labels)
    return value or 0


async def test_a_call_is_counted_by_method_and_code_with_the_time_it_took(api: Api) -> None:
    ok = {"method": "ExpertService/GetExpert", "code": "OK"}
    unknown = {"method": "ExpertService/GetExpert", "code": "NOT_FOUND"}
    await api.put_expert()
    for _ in range(2):
        await api.experts.GetExpert(GetExpertRequest(expert_id="expert-1"))
    with pytest.raises(grpc.aio.AioRpcError):
        await api.experts.GetExpert(GetExpertRequest(expert_id="nobody"))

    assert sample(api, "call_seconds_count", **ok) == 2
    assert 0 < sample(api, "call_seconds_sum", **ok) < 10
    assert sample(api, "call_seconds_bucket", **ok, le="+Inf") == 2
    assert sample(api, "call_seconds_count", **unknown) == 1


async def test_streams_are_counted_apart_while_they_are_open_and_when_they_end(api: Api, logs: Logs) -> None:
    await api.put_expert()
    watch: Any = api.changes.WatchChanges(WatchChangesRequest())
    first = await watch.read()
    assert first.cursor
    assert sample(api, "streams_open") == 1

    watch.cancel()
    await logs.until("call", times=2)

    assert sample(api, "streams_open") == 0
    method = "ChangeService/WatchChanges"
    assert sample(api, "stream_messages_total", method=method) == 1
    assert sample(api, "streams_ended_total", method=method, code="CANCELLED") == 1
    assert sample(api, "call_seconds_count", method=method, code="CANCELLED") == 0
