"""Live updates: a page is told of what concerns its expert, once and in words, and no stream outlives the server."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import grpc
import pytest
from aiohttp import web

from calendarsync_client import aio_channel
from connected_calendars.changes import ALL, ANYTHING, NEWS, News, news_of
from connected_calendars.live import STREAMS, STREAMS_OF_ONE, Listener, Live, TooManyStreams, event
from tests.client.scripted_service import Fails, ScriptedService, Stays, served
from tests.examples.beside_sandbox.days_of_2030 import WEEK, only_expert
from tests.examples.visitor import Seen, Visitor
from tests.support.service import Service, until

SECONDS = 10


@asynccontextmanager
async def stream_of(visitor: Visitor, page: Seen) -> AsyncIterator[aiohttp.StreamReader]:
    """As the page's script opens it, past what it begins with."""
    address = page.html.partition('data-stream="')[2].partition('"')[0]
    async with visitor.session.get(visitor.base + address) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert await answer.content.readline() == b": open\n"
        yield answer.content


async def news(stream: aiohttp.StreamReader, words: str = "") -> dict[str, Any]:
    """What the next event says, or the next with these words."""
    async with asyncio.timeout(SECONDS):
        while line := await stream.readline():
            told = json.loads(line.removeprefix(b"data: ")) if line.startswith(b"data: ") else {}
            if told and words in told["words"]:
                return dict(told)
    raise AssertionError("it has ended")


async def test_a_page_is_told_what_happened_to_its_expert_and_to_nobody_else(
    visitor: Visitor, service: Service
) -> None:
    await visitor.become()
    expert_id = await only_expert(service)
    await service.put_expert("somebody-else")
    page = await visitor.see(WEEK)
    async with stream_of(visitor, page) as stream:
        await service.put_session(expert_id="somebody-else")
        await service.put_session(expert_id=expert_id)
        told = await news(stream, "A session was booked or changed.")
        assert {"busy", "sessions"} <= set(told["topics"])
        assert told["words"].count("A session was booked") == 1
        await news(stream, "A session waits to be written to the calendar.")


async def test_what_happened_before_the_stream_was_opened_is_told_at_once(
    visitor: Visitor, service: Service
) -> None:
    await visitor.become()
    page = await visitor.see(WEEK)
    async with stream_of(visitor, page) as first:
        await service.put_session(expert_id=await only_expert(service))
        await news(first, "A session was booked or changed.")
    async with stream_of(visitor, page) as second:
        assert await news(second) == {"topics": sorted(ALL), "words": ""}


def test_streams_are_bounded_for_each_and_for_all() -> None:
    live = Live()
    waiting = [
        live.listening(f"expert-{number}", since=live.mark) for number in range(STREAMS - STREAMS_OF_ONE)
    ]
    mine = [live.listening("mine", since=live.mark) for _ in range(STREAMS_OF_ONE)]
    for one in mine:
        one.__enter__()
    with pytest.raises(TooManyStreams):
        live.listening("mine", since=live.mark).__enter__()
    for one in waiting:
        one.__enter__()
    with pytest.raises(TooManyStreams):
        live.listening("another", since=live.mark).__enter__()
    mine.pop().__exit__(None, None, None)
    with live.listening("another", since=live.mark) as heard:
        assert not heard.news


async def test_what_waits_in_a_stream_is_each_kind_of_news_once() -> None:
    listener = Listener(expert_id="ada")
    for _ in range(1000):
        for one in NEWS.values():
            listener.tell(one)
    assert len(await listener.next()) == len(set(NEWS.values()))
    written = event(
        {News(topics=("busy",), words="A."), News(topics=("sessions", "busy"), words="B.")}, "x.1"
    )
    assert written == b'id: x.1\ndata: {"topics": ["busy", "sessions"], "words": "A. B."}\n\n'


async def test_a_feed_that_has_expired_is_watched_from_now_on_and_every_page_reads_anew() -> None:
    expired = Fails(grpc.StatusCode.OUT_OF_RANGE, "CURSOR_EXPIRED")
    service = ScriptedService(streams=[["b", expired], ["c", Stays()]])
    live = Live(pause_seconds=0)
    before = live.mark
    async with served(service) as address, aio_channel(address) as channel:
        with live.listening("ada", since=before) as listener:
            watching = asyncio.create_task(live.watch(channel))
            async with asyncio.timeout(SECONDS):
                assert await listener.next() == {ANYTHING}  # since the first feed began
                assert await listener.next() == {ANYTHING}  # since the second did
            watching.cancel()
            await asyncio.wait([watching])
    assert service.cursors == ["", ""]
    assert live.mark != before


async def test_streams_end_at_once_when_the_server_stops(visitor: Visitor, page_app: web.Application) -> None:
    await visitor.become()
    page = await visitor.see(WEEK)
    async with stream_of(visitor, page) as stream:
        await page_app.shutdown()
        async with asyncio.timeout(SECONDS):
            await stream.read()
        assert stream.at_eof()
    assert (await visitor.see("/live")).status == 503


async def test_a_page_that_is_left_makes_room_for_the_next(visitor: Visitor) -> None:
    """Whoever goes through pages quickly opens a stream with each, and closes the one before."""
    await visitor.become()
    page = await visitor.see(WEEK)
    for _ in range(STREAMS_OF_ONE):
        async with stream_of(visitor, page):
            pass

    async def another() -> int:
        async with visitor.session.get(f"{visitor.base}/live") as answer:
            return answer.status

    await until(another, lambda status: status == 200, within=5)


def test_a_kind_of_change_that_is_not_known_may_have_changed_everything() -> None:
    assert news_of(99) is ANYTHING  # type: ignore[arg-type]
