"""Tells open pages that what they show may have changed: one watch of the service's feed, and a stream for each page.

No content travels here. A page that is told reads itself again, and so gets what its login may see and nothing else.
The numbers of streams and of what waits in one are bounded, and none outlives the server.
"""

import asyncio
import json
import logging
import random
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

import grpc.aio
from aiohttp import web
from aiohttp.typedefs import Handler

from calendarsync.v1.change_service_pb2 import Change
from calendarsync_client import failure_of, follow
from connected_calendars.changes import ANYTHING, News, news_of
from connected_calendars.logins import whoever
from connected_calendars.service import SERVICE

BEAT_SECONDS: Final = 15
"""So often something is sent, so that no proxy takes the stream for dead."""
LOOK_SECONDS: Final = 1
"""So often a quiet stream looks whether its browser is still there, and makes room for others if not."""
SENT_WITHIN_SECONDS: Final = 10
STREAMS: Final = 200
STREAMS_OF_ONE: Final = 10
"""Browsers open six connections to a host at most, but a person may have two browsers."""
PAUSE_SECONDS: Final = 10
"""Before the feed is watched anew, and what a browser is told that is one too many."""
TOLD: Final = logging.getLogger(__name__)


class TooManyStreams(Exception):
    """As many are open as may be."""


@dataclass(eq=False, slots=True, kw_only=True)
class Listener:
    """One stream. What waits in it is a set, and so never more than there are kinds of news."""

    expert_id: str
    news: set[News] = field(default_factory=set)
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, news: News) -> None:
        self.news.add(news)
        self.woken.set()

    async def next(self, *, within_seconds: float = BEAT_SECONDS) -> set[News]:
        """What came since, all of it together; nothing if nothing comes."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.woken.wait(), within_seconds)
        self.woken.clear()
        told, self.news = self.news, set()
        return told


class Live:
    """The open streams of this process, and how far the feed has been heard."""

    def __init__(self, *, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._pause_seconds = pause_seconds
        self._run = secrets.token_hex(4)
        self._heard = 0
        self._cursor = ""
        self._listeners: set[Listener] = set()
        self._closed = False

    @property
    def mark(self) -> str:
        """Changes with each change of anybody's. Take it before reading what is shown: it tells a stream that is opened
        later whether anything happened in between."""
        return f"{self._run}.{self._heard}"

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Ends all streams now."""
        self._closed = True
        for listener in self._listeners:
            listener.woken.set()

    @contextmanager
    def listening(self, expert_id: str, *, since: str) -> Iterator[Listener]:
        """Raises TooManyStreams."""
        of_one = sum(one.expert_id == expert_id for one in self._listeners)
        if len(self._listeners) >= STREAMS or of_one >= STREAMS_OF_ONE or self._closed:
            raise TooManyStreams
        listener = Listener(expert_id=expert_id)
        if since != self.mark:
            listener.tell(ANYTHING)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def watch(self, channel: grpc.aio.Channel) -> None:
        """Follows everybody's feed until it is cancelled."""
        while True:
            try:
                async for element in follow(channel, cursor=self._cursor):
                    if not self._cursor:
                        self._begin()
                    if element.HasField("change"):
                        self._hear(element.change)
                    self._cursor = element.cursor
            except grpc.aio.AioRpcError as error:
                # The cursor has expired, or we may not watch: it won't go on from there, but perhaps from now on.
                TOLD.warning("the feed ended: %s", failure_of(error).reason_name or error.code().name)
                self._cursor = ""
            await asyncio.sleep(self._pause_seconds * random.uniform(0.5, 1))  # noqa: S311

    def _hear(self, change: Change) -> None:
        self._heard += 1
        news = news_of(change.type)
        for listener in self._listeners:
            if listener.expert_id == change.expert_id:
                listener.tell(news)

    def _begin(self) -> None:
        """From now on each change is heard. Of what happened before, while pages were read, nobody will tell."""
        self._heard += 1
        for listener in self._listeners:
            listener.tell(ANYTHING)


LIVE: Final = web.AppKey("live", Live)
SEEN: Final = web.RequestKey("seen", str)
"""The mark from before the page read what it shows."""
REREAD: Final = "X-Live"
"""The header of a page that reads itself again."""
routes = web.RouteTableDef()


@web.middleware
async def remember_mark(request: web.Request, handler: Handler) -> web.StreamResponse:
    request[SEEN] = request.app[LIVE].mark
    return await handler(request)


async def keep_watch(app: web.Application) -> AsyncIterator[None]:
    """For the application's `cleanup_ctx`: one watch for all."""
    watching = asyncio.create_task(app[LIVE].watch(app[SERVICE].channel))
    yield
    watching.cancel()
    await asyncio.wait([watching])


async def end_streams(app: web.Application) -> None:
    """For the application's `on_shutdown`, which waits for open answers afterwards."""
    app[LIVE].close()


@routes.get("/live")
async def stream(request: web.Request) -> web.StreamResponse:
    """Server-sent events for whoever is logged in."""
    expert_id = whoever(request)
    if not expert_id:
        return web.Response(status=204)  # which tells a browser not to come again
    live = request.app[LIVE]
    since = request.headers.get("Last-Event-ID") or request.query.get("since", "")
    try:
        with live.listening(expert_id, since=since) as listener:
            return await _send(request, live, listener)
    except TooManyStreams:
        return web.Response(status=503, headers={"Retry-After": str(PAUSE_SECONDS)})


async def _send(request: web.Request, live: Live, listener: Listener) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await answer.prepare(request)
    # A browser that is gone, or takes nothing, ends its stream and nothing else.
    with suppress(ConnectionError, TimeoutError):
        await answer.write(b": open\n\n")
        quiet_seconds = 0
        while not live.closed and request.transport is not None:
            news = await listener.next(within_seconds=LOOK_SECONDS)
            quiet_seconds = 0 if news else quiet_seconds + LOOK_SECONDS
            if news or quiet_seconds % BEAT_SECONDS == 0:
                message = event(news, live.mark) if news else b": still here\n\n"
                await asyncio.wait_for(answer.write(message), SENT_WITHIN_SECONDS)
    return answer


def event(news: set[News], mark: str) -> bytes:
    """One server-sent event for all that came together."""
    told = {
        "topics": sorted({topic for one in news for topic in one.topics}),
        "words": " ".join(sorted({one.words for one in news if one.words})),
    }
    return f"id: {mark}\ndata: {json.dumps(told)}\n\n".encode()
