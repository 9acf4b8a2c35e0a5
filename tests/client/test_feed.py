"""The client's feed: it goes on from the last cursor, waits in between, and ends when the service says so."""

import asyncio
from datetime import timedelta
from itertools import islice

import grpc
import pytest

from calendarsync.v1.change_service_pb2 import WatchChangesResponse
from calendarsync.v1.error_reason_pb2 import ERROR_REASON_CURSOR_EXPIRED
from calendarsync_client import aio_channel, channel, failure_of, follow, follow_blocking
from calendarsync_client.feed import LONGEST_PAUSE_SECONDS, SILENCE, Pauses
from tests.client.scripted_service import Fails, ScriptedService, Stays, Stream, served

TOO_OLD = Fails(grpc.StatusCode.UNAVAILABLE, "STREAM_TOO_OLD", timedelta(seconds=3))
GONE = Fails(grpc.StatusCode.UNAVAILABLE)
EXPIRED = Fails(grpc.StatusCode.FAILED_PRECONDITION, "CURSOR_EXPIRED")


def longest() -> Pauses:
    """As if chance always had it last as long as it may."""
    return Pauses(lambda _least, most: most)


async def cursors(
    service: ScriptedService, count: int, *, silence: timedelta = SILENCE
) -> tuple[list[str], list[float]]:
    """The first so many elements, and the pauses in between."""
    found: list[str] = []
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async with served(service) as address, aio_channel(address) as client:
        async for element in follow(client, cursor="a", pauses=longest(), sleep=sleep, silence=silence):
            found.append(element.cursor)
            if len(found) == count:
                break
    return found, slept


async def test_goes_on_from_the_last_element_that_was_dealt_with() -> None:
    service = ScriptedService(streams=[["b", "c", TOO_OLD], ["d", Stays()]])
    found, slept = await cursors(service, 3)
    assert (found, service.cursors) == (["b", "c", "d"], ["a", "c"])
    assert slept == [3 + 1]


async def test_goes_on_where_a_stream_just_ends() -> None:
    service = ScriptedService(streams=[["b"], ["c", Stays()]])
    assert (await cursors(service, 2)) == (["b", "c"], [1])


async def test_ends_when_it_is_cancelled_though_an_element_comes_at_that_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever cancels it waits for its end."""
    coming: asyncio.Future[WatchChangesResponse] = asyncio.get_running_loop().create_future()

    reading = asyncio.Event()

    class OneStream:
        def __init__(self, _channel: object) -> None: ...
        def WatchChanges(self, _request: object) -> "OneStream":
            return self

        async def read(self) -> WatchChangesResponse:
            reading.set()
            return await coming

        def cancel(self) -> None: ...

    async def follow_it() -> None:
        async for _ in follow(client):
            await asyncio.Event().wait()

    monkeypatch.setattr("calendarsync_client.feed.ChangeServiceStub", OneStream)
    async with aio_channel("127.0.0.1:1") as client:
        following = asyncio.create_task(follow_it())
        await reading.wait()
        coming.set_result(WatchChangesResponse(cursor="b"))
        following.cancel()
        await asyncio.wait([following], timeout=5)
    assert following.cancelled()


async def test_gives_a_silent_stream_up() -> None:
    service = ScriptedService(streams=[["b", Stays()], ["c", Stays()]])
    found, _ = await cursors(service, 2, silence=timedelta(milliseconds=300))
    assert (found, service.cursors) == (["b", "c"], ["a", "b"])


async def test_waits_longer_after_each_break_until_an_element_comes() -> None:
    gone: list[Stream] = [[GONE] for _ in range(6)]
    service = ScriptedService(streams=[*gone, ["b", GONE], ["c", Stays()]])
    _, slept = await cursors(service, 2)
    assert slept == [1, 2, 4, 8, 16, LONGEST_PAUSE_SECONDS, 1]


def test_pauses_are_random() -> None:
    assert len({Pauses().after(None) for _ in range(20)}) == 20


async def test_says_when_the_feed_is_over() -> None:
    service = ScriptedService(streams=[["b", EXPIRED]])
    with pytest.raises(grpc.aio.AioRpcError) as over:
        await cursors(service, 2)
    assert failure_of(over.value).reason == ERROR_REASON_CURSOR_EXPIRED


async def test_for_threads_it_is_the_same() -> None:
    service = ScriptedService(streams=[["b", "c", TOO_OLD], ["d", EXPIRED]])
    slept: list[float] = []

    def read() -> list[str]:
        with channel(address) as client:
            feed = follow_blocking(client, cursor="a", pauses=longest(), sleep=slept.append)
            found = [element.cursor for element in islice(feed, 3)]
            with pytest.raises(grpc.RpcError) as over:
                next(feed)
        assert failure_of(over.value).reason == ERROR_REASON_CURSOR_EXPIRED
        return found

    async with served(service) as address:
        assert await asyncio.to_thread(read) == ["b", "c", "d"]
    assert (service.cursors, slept) == (["a", "c"], [4])
