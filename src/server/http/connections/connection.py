"""Serves HTTP, each request in its turn, and answers anything else with a refusal of our own.

The library repeats nonsense to its sender along with its own name and version, and logs an error each time: on the open
internet that is a line a second that says nothing about the service. It also waits for ever for the rest of a request.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, TypeAlias

import structlog
from aiohttp import StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

from server.http.connections.cut_offs import Why
from server.http.connections.deadline import Deadline
from server.http.connections.edge import Edge
from server.http.connections.limits import LARGEST_HEAD
from server.http.connections.notes import CLIENT, HUNG_UP, WAITED_SECONDS, BodyTooSlow, has_gone
from server.http.connections.peers import Client
from server.http.connections.places import Place
from server.http.headers import Refusal, as_bytes
from server.http.links import HEALTH_PATHS
from server.logs import described

Handler: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
RETRY_SECONDS = 1
log = structlog.stdlib.get_logger("server.http")


class Connection(web.RequestHandler):
    """While a request waits for its turn, the library reads few others that come behind it on the same connection.

    `_sending` is by when the rest of a request must be here, `_taking` by when what we write must have been taken.
    """

    __slots__ = (
        "_edge",
        "_head_bytes",
        "_line",
        "_newest",
        "_place",
        "_received",
        "_receiving",
        "_seen_requests",
        "_sending",
        "_taking",
    )

    def __init__(self, server: web.Server, edge: Edge, place: Place, received: bytes, **options: Any) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self._edge = edge
        self._place = place
        self._received = received
        self._line: asyncio.Transport | None = None
        self._sending = Deadline(self._sender_too_slow)
        self._taking = Deadline(self._taker_too_slow)
        self._seen_requests = 0
        self._newest: StreamReader | None = None
        """The body of the request that came last."""
        self._receiving = False
        """Whether that is still coming."""
        self._head_bytes = 0
        """So much came of the next request's head."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        with self._edge.share.counting():
            super().connection_made(transport)
            self._line = transport
            self._place.give_up = self._make_room
            received, self._received = self._received, b""
        self.data_received(received)

    def connection_lost(self, exc: BaseException | None) -> None:
        with self._edge.share.counting():
            self._line = None
            self._sending.close()
            self._taking.close()
            self._edge.places.free(self._place)
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        with self._edge.share.counting():
            super().data_received(data)
            self._note_arrival(len(data))
            self._show_turn()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._taking.set(self._edge.limits.taking)
        self._show_turn()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._line is not None and not self._line.is_closing():
            self._taking.lift()
        self._show_turn()

    async def start(self) -> None:
        try:
            await self._edge.share.counted(super().start())
        finally:
            if self._line is not None:  # it is being closed, which takes until all has been written
                self._taking.set(self._edge.limits.taking)

    async def _handle_request(
        self, request: web.BaseRequest, start_time: float | None, request_handler: Handler
    ) -> tuple[web.StreamResponse, bool]:
        async def bounded(request: web.BaseRequest) -> web.StreamResponse:
            proxied_for = self._client_of(request)
            if (client := self._place.client or proxied_for) is not None:
                request[CLIENT] = client
            with self._edge.requests.one_of(proxied_for) as admitted:
                if not admitted:
                    return self._too_many(request)
                if request.path not in HEALTH_PATHS:
                    await self._wait_for_turn(request)
                    if self.transport is None:
                        return web.Response(status=HUNG_UP)
                return await self._handled(request, request_handler)

        try:
            return await self._edge.share.counted(super()._handle_request(request, start_time, bounded))
        finally:
            if not self._receiving:
                self._sending.set(self._edge.limits.head if self._head_bytes else self._edge.limits.idle)
            self._show_turn()

    async def _wait_for_turn(self, request: web.BaseRequest) -> None:
        asked_at = self._loop.time()
        await self._edge.share.turn()
        request[WAITED_SECONDS] = self._loop.time() - asked_at

    async def _handled(self, request: web.BaseRequest, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as refused:
            # The library's own, from before any route: its text repeats what was sent.
            return self._refused(refused.status)
        except ConnectionError:
            # From before any route as well: whoever expects to be told to go on may have gone.
            if not has_gone(request):
                raise
            return web.Response(status=HUNG_UP)

    def _client_of(self, request: web.BaseRequest) -> Client | None:
        """Whose request counts by itself: that of a trusted proxy's caller."""
        if not self._place.proxied or not request.headers:
            return None
        return self._edge.limits.proxies.client_of(request.headers)

    def _too_many(self, request: web.BaseRequest) -> web.StreamResponse:
        self._edge.cut_offs.add(Why.TOO_MANY)
        answer = Refusal(HTTPStatus.TOO_MANY_REQUESTS, self._edge.headers, closing=request.body_exists)
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
        return answer

    def _refused(self, status: int) -> web.StreamResponse:
        log.info("request", route="malformed", status=status)
        return Refusal(status, self._edge.headers)

    def _note_arrival(self, size: int) -> None:
        if self._request_count != self._seen_requests:
            self._seen_requests = self._request_count
            self._newest = self._messages[-1][1] if self._messages else None
            self._receiving = self._newest is not None and not self._newest.is_eof()
            self._head_bytes = 0
            if self._receiving:
                self._sending.set(self._edge.limits.body)
            else:
                self._sending.lift()
        elif self._receiving:
            if self._newest is None or self._newest.is_eof():
                self._receiving = False
                self._sending.lift()
        elif size:
            self._note_head(size)

    def _note_head(self, size: int) -> None:
        if not self._head_bytes:
            self._sending.set(self._edge.limits.head)
        self._head_bytes += size
        if self._head_bytes > LARGEST_HEAD:
            self._end(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, Why.LARGE_HEAD)

    @property
    def _at_work(self) -> bool:
        return self._request_in_progress or bool(self._messages)

    def _show_turn(self) -> None:
        """Tells whether it is the other side's."""
        if self._receiving or self._paused or not self._at_work:
            self._edge.places.waits(self._place)
        else:
            self._edge.places.works(self._place)

    def _sender_too_slow(self) -> None:
        if self._receiving:
            self._edge.cut_offs.add(Why.SLOW_BODY)
            assert self._newest is not None
            self._newest.set_exception(BodyTooSlow())
        elif self._at_work:
            return  # the head of another request may take as long as this one does
        elif self._head_bytes:
            self._end(HTTPStatus.REQUEST_TIMEOUT, Why.SLOW_HEAD)
        else:
            self.force_close()  # nobody asked for anything more

    def _taker_too_slow(self) -> None:
        self._edge.cut_offs.add(Why.SLOW_READER)
        self._abort()

    def _make_room(self) -> None:
        if self._request_count and not (self._receiving or self._head_bytes or self._paused):
            self.force_close()  # between two requests
        else:
            self._edge.cut_offs.add(Why.DISPLACED)
            self._abort()

    def _end(self, status: HTTPStatus, why: Why) -> None:
        """Whatever else comes on this connection is not looked at."""
        self._edge.cut_offs.add(why)
        if self._line is not None and not self._at_work:
            self._line.write(as_bytes(status, self._edge.headers))
        self.force_close()

    def _abort(self) -> None:
        if self._line is not None:
            self._line.abort()

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Also for the rest of a request that has been answered already: it may be nonsense, too."""
        error = kw.get("exc_info")
        if isinstance(error, (web.RequestPayloadError, HttpProcessingError)):
            return
        log.error("unexpected fault", **(described(error) if isinstance(error, BaseException) else {}))

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answers what never became a request; requests' own faults are caught before."""
        del message  # it repeats what was sent
        if not isinstance(exc, HttpProcessingError):
            self.log_exception("unexpected fault", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is under way already")
        return self._refused(status)
