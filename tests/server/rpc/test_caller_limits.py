"""How much one caller may have, and that others get their share while one floods the service."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from dependency_injector import providers
from google.rpc import error_details_pb2
from hypothesis import given
from hypothesis import strategies as st

from calendarsync.v1 import change_service_pb2 as changes
from calendarsync.v1.availability_service_pb2 import (
    BatchListBusyTimesRequest,
    FindTimesRequest,
    ListBusyTimesRequest,
)
from calendarsync.v1.expert_service_pb2 import GetExpertRequest
from calendarsync.v1.session_service_pb2 import CONFLICT_CHECK_REJECT, BatchPutSessionsRequest
from server.rpc.bounds import Bounds
from server.rpc.callers.limits import BURST_SECONDS, LIVE_READING, CallerLimits, CallerUse, Pace
from server.rpc.callers.rules import QUESTION, READ
from server.rpc.faults import CallerLimitReached
from server.rpc.mapping.times import put_interval
from server.rpc.server import Door
from tests.builders import EXPERT, an_interval
from tests.fakes.provider import Held
from tests.server.served import Api, Failure, World, failure_of, served, session_request
from tests.support.callers import api_on, guarded
from tests.support.full_times import FullTimes


@given(
    per_second=st.floats(0.1, 1e6),
    spent=st.lists(st.tuples(st.floats(0, 3), st.integers(1, 1000)), min_size=1, max_size=50),
)
def test_never_more_is_spent_than_the_pace_and_one_burst_allow_but_for_the_last(
    per_second: float, spent: list[tuple[float, int]]
) -> None:
    pace, now, total, largest = Pace(per_second), 0.0, 0, 0
    for later, amount in spent:
        now += later
        if not pace.wait_seconds(now):
            pace.spend(now, amount)
            total, largest = total + amount, max(largest, amount)

    assert total <= per_second * (now + BURST_SECONDS) * (1 + 1e-9) + largest


def test_whoever_waits_as_long_as_told_is_let_in() -> None:
    pace = Pace(10.0)
    pace.spend(100.0, 30)

    wait = pace.wait_seconds(100.0)

    assert wait == pytest.approx(1.0)
    assert pace.wait_seconds(100.0 + wait) == pytest.approx(0.0, abs=1e-9)


def test_a_pause_saves_up_a_burst_and_no_more() -> None:
    use = CallerUse(CallerLimits(calls_per_second=4.0), 1)

    assert _let_in(use, 100, now=0.0) == 9
    assert _let_in(use, 100, now=1.0) == 4
    assert _let_in(use, 100, now=1_000.0) == 9


def test_a_caller_with_a_multiple_may_have_so_many_times_as_much() -> None:
    use = CallerUse(CallerLimits(calls_at_once=2, streams=1), 3)

    for _ in range(6):
        use.begin_call(READ, 0.0)
    with pytest.raises(CallerLimitReached) as reached:
        use.begin_call(READ, 0.0)
    assert (reached.value.limit, reached.value.value) == ("calls_at_once", 6)
    for _ in range(3):
        use.begin_stream(0.0)
    with pytest.raises(CallerLimitReached) as reached:
        use.begin_stream(0.0)
    assert (reached.value.limit, reached.value.value) == ("streams", 3)


def test_a_question_that_was_large_is_paid_for_before_the_next_one_and_nothing_else_waits() -> None:
    use = CallerUse(CallerLimits(intervals_per_second=1_000.0), 1)
    use.begin_call(QUESTION, 0.0)
    use.end_call(5_000, 0.0)

    with pytest.raises(CallerLimitReached) as reached:
        use.begin_call(QUESTION, 1.0)

    assert reached.value.limit == "intervals_per_second"
    assert reached.value.retry_after == timedelta(seconds=2)
    use.begin_call(READ, 1.0)
    use.begin_call(QUESTION, 3.0)


async def test_a_callers_flood_is_refused_and_another_caller_is_answered(
    world: World, tmp_path: Path
) -> None:
    async with guarded(world, tmp_path, limits=CallerLimits(calls_at_once=4)) as door:
        flooding, other = await door.token("flooding"), await door.token("other")
        async with door.channel(flooding) as many, door.channel(other) as few:
            await api_on(world, few).put_expert()
            running, held = await _held(api_on(world, many), 4)

            flood = [asyncio.ensure_future(_reason(api_on(world, many).start())) for _ in range(300)]

            answer = await api_on(world, few).experts.GetExpert(GetExpertRequest(expert_id=EXPERT))
            assert answer.expert.expert_id == EXPERT
            assert Counter(await asyncio.gather(*flood)) == {"CALLER_LIMIT_REACHED": 300}
            for one in held:
                one.release()
            assert await asyncio.gather(*running) == [""] * 4
            assert await _reason(api_on(world, many).start()) == "", "as soon as others have ended"


async def test_a_refusal_says_which_limit_and_how_long_to_wait(world: World, tmp_path: Path) -> None:
    limits = CallerLimits(calls_per_second=1.0, streams=1)
    async with (
        guarded(world, tmp_path, limits=limits) as door,
        door.channel(await door.token("booking")) as channel,
    ):
        api: Any = api_on(world, channel)
        watch = api.changes.WatchChanges(changes.WatchChangesRequest())
        assert (await watch.read()).cursor

        streams = await failure_of(api.changes.WatchChanges(changes.WatchChangesRequest()).read())
        for _ in range(2):
            await failure_of(_nobody(api))
        calls = await failure_of(_nobody(api))

    assert streams.code is calls.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert streams.reason == calls.reason == "CALLER_LIMIT_REACHED"
    assert streams.metadata == {"limit": "streams", "value": "1"}
    assert calls.metadata == {"limit": "calls_per_second", "value": "1"}
    assert timedelta() < _pause(calls) <= timedelta(seconds=1)
    assert timedelta(seconds=5) <= _pause(streams) <= timedelta(seconds=30)


async def test_readings_that_have_to_be_fresh_are_paid_for(world: World, tmp_path: Path) -> None:
    limits = CallerLimits(intervals_per_second=LIVE_READING / (2 * BURST_SECONDS))
    async with guarded(world, tmp_path, limits=limits) as door:
        token = await door.token("booking")
        async with door.channel(token) as channel, door.channel(await door.token("other")) as second:
            api = api_on(world, channel)
            await api.put_expert()
            await api.connect(world.provider.add_person())
            fresh = _question()
            fresh.max_age.seconds = 0

            assert (await api.availability.ListBusyTimes(_question())).complete
            assert (await api.availability.ListBusyTimes(fresh)).complete
            refused = await failure_of(api.availability.ListBusyTimes(_question()))
            assert refused.metadata["limit"] == "intervals_per_second"
            assert (await api.experts.GetExpert(GetExpertRequest(expert_id=EXPERT))).expert.expert_id
            assert (await api_on(world, second).availability.ListBusyTimes(_question())).complete


async def test_times_that_are_looked_for_are_paid_for(world: World, tmp_path: Path) -> None:
    """A month by the minute is 43,141 starts, which cost as much as 1,725 intervals; a second expert doubles that."""
    limits = CallerLimits(intervals_per_second=20)
    async with (
        guarded(world, tmp_path, limits=limits) as door,
        door.channel(await door.token("booking")) as channel,
    ):
        api = api_on(world, channel)
        await api.put_expert()
        await api.put_expert("second")
        request = FindTimesRequest(expert_ids=[EXPERT])
        put_interval(request.window, an_interval(starts=24, hours=30 * 24))
        request.duration.seconds, request.step.seconds = 3600, 60

        for _ in range(3):
            assert (await api.availability.FindTimes(request)).complete
        request.expert_ids.append("second")
        assert (await api.availability.FindTimes(request)).complete
        refused = await failure_of(api.availability.FindTimes(request))

    assert refused.metadata["limit"] == "intervals_per_second"


async def test_a_batch_is_under_way_as_often_as_its_requests_are(world: World, tmp_path: Path) -> None:
    """Or a caller had ten times as much at once by sending batches."""
    requests = [session_request(f"s{number}", starts=number) for number in range(12)]
    requests[0].conflict_check = CONFLICT_CHECK_REJECT
    one = GetExpertRequest(expert_id=EXPERT)
    async with (
        guarded(world, tmp_path, limits=CallerLimits(calls_at_once=10)) as door,
        door.channel(await door.token("importing")) as channel,
    ):
        api = api_on(world, channel)
        await api.put_expert()
        await api.connect(world.provider.add_person())
        held = world.provider.hold("read_entries")
        batch = api.sessions.BatchPutSessions(BatchPutSessionsRequest(requests=requests))
        await held.reached.wait()

        while_it_is = await _reason(api.experts.GetExpert(one))
        held.release()
        assert not any(result.HasField("error") for result in (await batch).results)
        afterwards = await asyncio.gather(*(_reason(api.experts.GetExpert(one)) for _ in range(10)))

    assert (while_it_is, afterwards) == ("CALLER_LIMIT_REACHED", [""] * 10)


@pytest.mark.parametrize(
    "ask",
    [
        lambda api, request: api.availability.FindTimes(request),
        lambda api, request: api.availability.BatchListBusyTimes(
            BatchListBusyTimesRequest(expert_ids=request.expert_ids, window=request.window)
        ),
    ],
    ids=["find", "batch"],
)
async def test_a_question_that_is_given_up_is_paid_for_as_far_as_it_was_worked_on(
    world: World, tmp_path: Path, ask: Callable[[Api, FindTimesRequest], Any]
) -> None:
    """Or whoever gives up each of them after half a second would have as many as they like."""
    full = FullTimes(intervals=500, more_than=20)
    world.container.known_times.override(providers.Object(full))
    request = FindTimesRequest(expert_ids=[f"expert-{number}" for number in range(60)])
    put_interval(request.window, an_interval(starts=1, hours=90 * 24))
    request.duration.seconds = request.step.seconds = 3600
    async with (
        guarded(world, tmp_path, limits=CallerLimits(intervals_per_second=10)) as door,
        door.channel(await door.token("booking")) as channel,
    ):
        api = api_on(world, channel)
        call = ask(api, request)
        await full.asked_for_more.wait()

        call.cancel()

        del request.expert_ids[1:]
        reasons = [await _reason(ask(api, request)) for _ in range(10)]
    assert reasons[-1] == "CALLER_LIMIT_REACHED"


async def test_a_process_takes_only_so_many_calls_of_all_callers_together(world: World) -> None:
    async with served(world, door=Door(bounds=Bounds(most_calls=2, connection_age=None))) as api:
        await api.put_expert()
        running, held = await _held(api, 2)

        refused = await failure_of(_nobody(api))

        assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS")
        assert timedelta() < _pause(refused) <= timedelta(seconds=2)
        for one in held:
            one.release()
        assert await asyncio.gather(*running) == ["", ""]
        assert (await failure_of(_nobody(api))).reason == "EXPERT_NOT_FOUND"


async def _held(api: Api, count: int) -> tuple[list[asyncio.Task[str]], list[Held]]:
    """So many calls under way, which last until they are released."""
    held = [api.world.provider.hold("begin") for _ in range(count)]
    running = [asyncio.create_task(_reason(api.start())) for _ in range(count)]
    for one in held:
        await one.reached.wait()
    return running, held


def _let_in(use: CallerUse, times: int, *, now: float) -> int:
    let_in = 0
    for _ in range(times):
        try:
            use.begin_call(READ, now)
        except CallerLimitReached:
            continue
        use.end_call(0, now)
        let_in += 1
    return let_in


def _nobody(api: Api) -> Awaitable[Any]:
    return api.experts.GetExpert(GetExpertRequest(expert_id="nobody"))


def _question() -> ListBusyTimesRequest:
    request = ListBusyTimesRequest(expert_id=EXPERT)
    put_interval(request.window, an_interval(starts=24, hours=24))
    return request


def _pause(failure: Failure) -> timedelta:
    pause: timedelta = failure.detail(error_details_pb2.RetryInfo).retry_delay.ToTimedelta()
    return pause


async def _reason(call: Awaitable[Any]) -> str:
    """Why it fails; empty when it doesn't."""
    task = asyncio.ensure_future(call)
    await asyncio.wait([task])
    return "" if task.exception() is None else (await failure_of(task)).reason
