"""When gRPC's own retries come back: as the service asks, with real channels and policies of their own."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import grpc
import grpc.aio
import pytest

from calendarsync.v1.expert_service_pb2 import PutExpertRequest
from calendarsync.v1.expert_service_pb2_grpc import ExpertServiceStub
from server.rpc.calls.pushback import DONT, LONGEST_PAUSE_SECONDS, PUSHBACK, SPREAD, pushback
from server.rpc.catalogue import outages
from tests.server.served import Api, Logs, expert_message, failure_of

SECOND = timedelta(seconds=1)


def patient(backoff: str) -> list[tuple[str, Any]]:
    """A client's policy that retries, after pauses of its own that are as long as this."""
    policy = {
        "maxAttempts": 5,
        "initialBackoff": backoff,
        "maxBackoff": backoff,
        "backoffMultiplier": 1,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    return [("grpc.service_config", json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": policy}]}))]


async def put_expert(api: Api, backoff: str, *, seconds: float) -> Any:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{api.server.port}", options=patient(backoff)) as channel:
        request = PutExpertRequest(expert=expert_message())
        return await ExpertServiceStub(channel).PutExpert(request, timeout=seconds)


async def test_a_library_comes_back_when_it_is_asked_to_and_not_when_its_policy_says(
    api: Api, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outages, "STORE_PAUSE", timedelta(milliseconds=50))
    api.world.store.away = True
    made = asyncio.create_task(put_expert(api, "600s", seconds=60))
    await logs.until("call")
    api.world.store.away = False
    assert (await made).expert.expert_id
    failed, _ = await logs.until("call", times=2)
    assert failed["reason"] == "STORE_UNAVAILABLE"


async def test_a_library_reports_at_once_what_it_has_no_time_to_wait_for(api: Api, logs: Logs) -> None:
    api.world.store.away = True
    failure = await failure_of(put_expert(api, "0.001s", seconds=1.5))
    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE")
    assert failure.trailing[PUSHBACK] == DONT
    assert len(await logs.until("call")) == 1


async def test_what_waiting_doesnt_help_says_nothing_of_it(api: Api) -> None:
    failure = await failure_of(api.put_expert(time_zone="Nowhere/At-All"))
    assert PUSHBACK not in failure.trailing


@pytest.mark.parametrize(
    ("pause", "seconds_left", "waits"),
    [
        (SECOND, None, True),
        (SECOND, 3.0, True),
        (SECOND, 1.99, False),
        (SECOND, 0.0, False),
        (timedelta(seconds=LONGEST_PAUSE_SECONDS / (1 + SPREAD)), None, True),
        (timedelta(seconds=LONGEST_PAUSE_SECONDS + 0.01), None, False),
    ],
)
def test_a_pause_that_fits_is_waited_for(pause: timedelta, seconds_left: float | None, waits: bool) -> None:
    told = int(pushback(pause, seconds_left))
    if not waits:
        assert told < 0
        return
    milliseconds = pause.total_seconds() * 1000
    assert milliseconds <= told <= milliseconds * (1 + SPREAD)


def test_calls_that_failed_together_dont_come_back_together() -> None:
    assert len({pushback(SECOND, None) for _ in range(20)}) > 1
