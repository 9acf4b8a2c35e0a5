"""What Prometheus is told of calls."""

from typing import Any

import grpc
import grpc.aio
import pytest
from prometheus_client import CollectorRegistry

from calendarsync.v1.change_service_pb2 import WatchChangesRequest
from calendarsync.v1.expert_service_pb2 import GetExpertRequest
from server.metrics.calls import MOST_CALLERS, OTHERS, UNIDENTIFIED, CallsByCaller
from tests.server.served import Api, Logs


def sample(api: Api, name: str, **labels: str) -> float:
    """0 for what was never met."""
    value = api.world.container.metrics().registry.get_sample_value(f"calendarsync_{name}", labels)
    return value or 0


async def test_a_call_is_counted_by_method_and_code_with_the_time_it_took(api: Api, logs: Logs) -> None:
    ok = {"method": "ExpertService/GetExpert", "code": "OK"}
    unknown = {"method": "ExpertService/GetExpert", "code": "NOT_FOUND"}
    await api.put_expert()
    for _ in range(2):
        await api.experts.GetExpert(GetExpertRequest(expert_id="expert-1"))
    with pytest.raises(grpc.aio.AioRpcError):
        await api.experts.GetExpert(GetExpertRequest(expert_id="nobody"))
    await logs.until("call", times=4)  # the answer is out before that

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


async def test_calls_are_counted_by_who_called(api: Api, logs: Logs) -> None:
    await api.put_expert()
    with pytest.raises(grpc.aio.AioRpcError):
        await api.experts.GetExpert(GetExpertRequest(expert_id="nobody"))
    await logs.until("call", times=2)  # the answer is out before that

    assert sample(api, "caller_calls_total", caller="local", code="OK") == 1
    assert sample(api, "caller_calls_total", caller="local", code="NOT_FOUND") == 1


def test_so_many_callers_are_told_by_name_and_all_others_as_one() -> None:
    registry = CollectorRegistry()
    calls = CallsByCaller(registry)

    for number in range(MOST_CALLERS + 50):
        for _ in range(2):
            calls.count(f"caller-{number}", "OK")
    calls.count(None, "UNAUTHENTICATED")

    def told(caller: str, code: str = "OK") -> float | None:
        return registry.get_sample_value("calendarsync_caller_calls_total", {"caller": caller, "code": code})

    assert told("caller-0") == told(f"caller-{MOST_CALLERS - 1}") == 2
    assert told(f"caller-{MOST_CALLERS}") is None
    assert told(OTHERS) == 100
    assert told(UNIDENTIFIED, "UNAUTHENTICATED") == 1
