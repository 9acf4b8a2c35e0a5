"""How many streams there may be, and what those hear who are too many: each by itself, and over a real channel."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2

from calendarsync.v1 import change_service_pb2 as pb
from calendarsync.v1.expert_service_pb2 import GetExpertRequest
from server.rpc.calls import open_streams
from server.rpc.calls.open_streams import BEGINNING_AT_ONCE, EARLIEST_RETRY, LATEST_RETRY, OpenStreams
from server.rpc.faults import ServiceStopping, TooManyStreams
from tests.builders import EXPERT
from tests.server.served import Api, Logs, World, failure_of, served
from tests.support.service import until


async def test_one_more_than_may_be_is_refused_until_another_ends() -> None:
    streams = OpenStreams(most=2)

    async with streams.one_more():
        async with streams.one_more():
            with pytest.raises(TooManyStreams):
                await _open(streams)
        assert len(streams) == 1
        await _open(streams)
    assert len(streams) == 0


async def test_who_is_refused_is_not_told_to_come_back_with_the_others() -> None:
    streams = OpenStreams(most=0)
    pauses = set()
    for _ in range(50):
        with pytest.raises(TooManyStreams) as refused:
            await _open(streams)
        pauses.add(refused.value.retry_after)

    assert min(pauses) >= EARLIEST_RETRY
    assert max(pauses) <= LATEST_RETRY
    assert len(pauses) > 40


async def test_few_begin_at_once_and_in_the_order_in_which_they_came() -> None:
    streams = OpenStreams()
    begun: list[int] = []
    done = [asyncio.Event() for _ in range(12)]

    async def stream(number: int) -> None:
        async with streams.beginning():
            begun.append(number)
            await done[number].wait()

    async with asyncio.TaskGroup() as tasks:
        for number in range(12):
            tasks.create_task(stream(number))
        await _turns()
        assert begun == list(range(BEGINNING_AT_ONCE))
        done[0].set()
        await _turns()
        assert begun == list(range(BEGINNING_AT_ONCE + 1))
        for one in done:
            one.set()
    assert begun == list(range(12))


async def test_nobody_waits_for_ever_to_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_streams, "LONGEST_QUEUE_SECONDS", 0.01)
    streams = OpenStreams()
    async with AsyncExitStack() as stack:
        for _ in range(BEGINNING_AT_ONCE):
            await stack.enter_async_context(streams.beginning())

        with pytest.raises(TooManyStreams):
            await stack.enter_async_context(streams.beginning())

    async with streams.beginning():  # those who gave up hold no turn
        pass


async def test_all_end_when_they_are_told_also_those_who_wait_to_begin_and_none_opens_afterwards() -> None:
    streams = OpenStreams()

    async def stream() -> None:
        async with streams.one_more(), streams.beginning():
            await asyncio.Event().wait()

    running = [asyncio.create_task(stream()) for _ in range(BEGINNING_AT_ONCE + 3)]
    await _turns()
    assert len(streams) == BEGINNING_AT_ONCE + 3

    streams.end()

    for one in running:
        with pytest.raises(ServiceStopping):
            await one
    assert len(streams) == 0
    with pytest.raises(ServiceStopping):
        await _open(streams)


async def test_they_may_be_told_again_while_they_end() -> None:
    """Each in its own time: one that waits for the database, say."""
    streams, going = OpenStreams(), asyncio.Event()

    async def stream() -> None:
        async with streams.one_more():
            try:
                await asyncio.Event().wait()
            finally:
                await going.wait()

    running = asyncio.create_task(stream())
    await _turns()
    streams.end()
    await _turns()

    streams.end()

    going.set()
    with pytest.raises(ServiceStopping):
        await running


async def test_a_watcher_too_many_hears_why_and_when_to_come_back(world: World, logs: Logs) -> None:
    async with served(world, most_streams=1) as api:
        watching = _watch(api)
        await watching.read()

        refused = await failure_of(_watch(api).read())

        assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS")
        pause = refused.detail(error_details_pb2.RetryInfo).retry_delay.ToTimedelta()
        assert EARLIEST_RETRY <= pause <= LATEST_RETRY
        watching.cancel()
        await logs.until("call", times=2)
        assert (await _watch(api).read()).cursor


async def test_thousands_of_watchers_at_once_all_begin_or_hear_why_and_calls_do_not_wait_for_them(
    world: World,
) -> None:
    """After a restart, on one channel. Core would cut a third of them off, without a word."""
    async with served(world, most_streams=2_000) as api, asyncio.timeout(120):
        watches = [_watch(api) for _ in range(3_000)]
        outcomes = asyncio.gather(*(_outcome(one) for one in watches))

        answer = await failure_of(api.experts.GetExpert(GetExpertRequest(expert_id=EXPERT)))

        assert answer.reason == "EXPERT_NOT_FOUND"
        assert not outcomes.done()
        assert Counter(await outcomes) == {"begun": 2_000, "TOO_MANY_STREAMS": 1_000}
        for one in watches:
            one.cancel()
        await until(
            _open_on(api), lambda open_streams: not open_streams
        )  # else the next test has their lines


def _open_on(api: Api) -> Callable[[], Awaitable[int]]:
    async def count() -> int:
        return api.server.open_streams

    return count


def _watch(api: Api) -> Any:
    """A stream that is read with `read()`; its stubs promise messages only, and not the end."""
    return api.changes.WatchChanges(pb.WatchChangesRequest())


async def _outcome(watch: Any) -> str:
    try:
        await watch.read()
    except grpc.aio.AioRpcError:
        return (await failure_of(watch.read())).reason
    return "begun"


async def _open(streams: OpenStreams) -> None:
    async with streams.one_more():
        pass


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)
