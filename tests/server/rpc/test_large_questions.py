"""Questions about a great deal of time, over a real channel: refused with a reason, or answered beside all others."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import pytest
import pytest_asyncio
from dependency_injector import providers

from calendarsync.v1 import availability_service_pb2 as pb
from domain.ids import ExpertId
from domain.interval import Interval
from domain.question_size import MOST_INTERVALS
from server.rpc import answers
from server.rpc.mapping.times import put_interval
from tests.builders import EXPERT, after, an_interval
from tests.server.served import Api, World, failure_of, served
from tests.support.full_times import WINDOW, FullTimes

HUNDRED = [ExpertId(f"expert-{number}") for number in range(100)]
SMALL_CALLS = 50


@pytest.fixture
def full(world: World) -> FullTimes:
    """What the world knows of experts' time."""
    full = FullTimes(intervals=1, calendars=5)
    world.container.known_times.override(providers.Object(full))
    return full


@pytest_asyncio.fixture
async def api(world: World, full: FullTimes) -> AsyncIterator[Api]:
    async with served(world) as client:
        yield client


def _batch(experts: int) -> pb.BatchListBusyTimesRequest:
    request = pb.BatchListBusyTimesRequest(expert_ids=HUNDRED[:experts])
    put_interval(request.window, WINDOW)
    return request


def _find(experts: int) -> pb.FindTimesRequest:
    request = pb.FindTimesRequest(expert_ids=HUNDRED[:experts])
    put_interval(request.window, Interval(after(minutes=1), after(days=90)))
    request.duration.seconds = request.step.seconds = 3600
    return request


def _one() -> pb.ListBusyTimesRequest:
    request = pb.ListBusyTimesRequest(expert_id=EXPERT)
    put_interval(request.window, WINDOW)
    return request


def _check() -> pb.CheckTimesRequest:
    request = pb.CheckTimesRequest(expert_id=EXPERT)
    put_interval(request.candidates.add(), an_interval())
    return request


@pytest.mark.parametrize(
    ("ask", "cost"),
    [
        (lambda api: api.availability.BatchListBusyTimes(_batch(100)), 203_000),
        (lambda api: api.availability.FindTimes(_find(100)), 213_880),
    ],
    ids=["batch", "find"],
)
async def test_a_question_that_takes_too_much_is_refused_and_told_what_helps(
    api: Api, full: FullTimes, ask: Callable[[Api], Awaitable[object]], cost: int
) -> None:
    full.intervals = 5_800

    failure = await failure_of(ask(api))

    assert failure.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert failure.reason == "QUESTION_TOO_LARGE"
    assert failure.metadata == {"unit": "intervals", "cost": str(cost), "limit": str(MOST_INTERVALS)}
    assert failure.message == (
        "QUESTION_TOO_LARGE: the question takes too much work: "
        "ask about fewer experts or candidates at once, or about a shorter window"
    )


@pytest.mark.parametrize(
    "ask",
    [
        lambda api: api.availability.BatchListBusyTimes(_batch(3)),
        lambda api: api.availability.ListBusyTimes(_one()),
        lambda api: api.availability.CheckTimes(_check()),
        lambda api: api.availability.FindTimes(_find(1)),
    ],
    ids=["batch", "list", "check", "find"],
)
async def test_an_answer_that_no_library_would_take_is_refused_with_a_reason(
    api: Api, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Api], Awaitable[object]]
) -> None:
    monkeypatch.setattr(answers, "LARGEST_ANSWER", 100)

    failure = await failure_of(ask(api))

    assert failure.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert failure.reason == "QUESTION_TOO_LARGE"
    assert failure.metadata["unit"] == "bytes"
    assert failure.metadata["limit"] == "100"
    assert int(failure.metadata["cost"]) > 100


async def test_the_largest_question_has_an_answer_that_every_library_takes(api: Api, full: FullTimes) -> None:
    full.intervals, full.calendars = 2_000, 1

    answer = await api.availability.BatchListBusyTimes(_batch(MOST_INTERVALS // 2_000))

    assert {len(one.busy_times.busy_times) for one in answer.experts} == {2_000}
    assert answer.ByteSize() <= answers.LARGEST_ANSWER


@pytest.mark.parametrize(
    "ask",
    [
        lambda api: api.availability.BatchListBusyTimes(_batch(100)),
        lambda api: api.availability.FindTimes(_find(100)),
    ],
    ids=["batch", "find"],
)
async def test_small_calls_are_answered_while_a_large_one_is_worked_on(
    api: Api, full: FullTimes, ask: Callable[[Api], Awaitable[Any]]
) -> None:
    full.intervals, full.others, full.more_than = 390, {ExpertId(EXPERT): 1}, 10
    order: list[str] = []

    async def large() -> None:
        answer = await ask(api)
        assert len(answer.experts) == 100
        order.append("large")

    async def small(number: int) -> None:
        await api.availability.CheckTimes(_check())
        order.append(f"small {number}")

    going = asyncio.create_task(large())
    await full.asked_for_more.wait()
    await asyncio.gather(*(small(number) for number in range(SMALL_CALLS)), going)
    assert len(order) == SMALL_CALLS + 1
    assert order[-1] == "large"


async def test_a_call_that_was_cancelled_is_not_worked_on(api: Api, full: FullTimes) -> None:
    full.intervals, full.more_than = 390, 10
    call = api.availability.BatchListBusyTimes(_batch(100))
    await full.asked_for_more.wait()

    call.cancel()
    await api.availability.CheckTimes(_check())

    asked = len(full.asked)
    await api.availability.CheckTimes(_check())
    assert len(full.asked) == asked + 1
    assert asked < len(HUNDRED)
