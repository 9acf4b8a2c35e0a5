"""Serves HTTP, each request in its turn, and answers anything else with a refusal of our own.

The library repeats nonsense to its sender along with its own name and version, and logs an error each time: on the open
internet that is a line a second that says nothing about the service.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from server.http.links import HEALTH_PATHS
from server.http.loop_share import LoopShare
from server.http.middleware import HEADERS, HUNG_UP, WAITED_SECONDS
from server.logs import described

log = structlog.stdlib.get_logger("server.http")


class QuietRunner(web.AppRunner):
    """Runs an application on connections that refuse quietly, and that together use no more of the loop than `share`
    gives them."""

    def __init__(self, app: web.Application, share: LoopShare, **kwargs: Any) -> None:
        super().__init__(app, **kwargs)
        self._share = share

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _Server  # the library offers no other way to choose the class of connections
        assert isinstance(server, _Server)
        server.share = self._share
        return server


class _Server(web.Server):
    share: LoopShare

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web.RequestHandler):
    """While a request waits for its turn, the library reads few others that come behind it on the same connection."""

    __slots__ = ("_share",)

    def __init__(self, server: _Server, **kwargs: Any) -> None:
        super().__init__(server, **kwargs)
        self._share = server.share

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        with self._share.counting():
            super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        with self._share.counting():
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        with self._share.counting():
            super().data_received(data)

    async def start(self) -> None:
        await self._share.counted(super().start())

    async def _handle_request(
        self,
        request: web.BaseRequest,
        start_time: float | None,
        request_handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
    ) -> tuple[web.StreamResponse, bool]:
        async def in_turn(request: web.BaseRequest) -> web.StreamResponse:
            asked_at = self._loop.time()
            await self._share.turn()
            request[WAITED_SECONDS] = self._loop.time() - asked_at
            if self.transport is None:
                return web.Response(status=HUNG_UP)
            return await request_handler(request)

        handler = request_handler if request.path in HEALTH_PATHS else in_turn
        return await self._share.counted(super()._handle_request(request, start_time, handler))

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
        if isinstance(exc, HttpProcessingError):
            log.info("request", route="malformed", status=status)
        else:
            self.log_exception("unexpected fault", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is under way already")
        response = web.Response(status=status, text=HTTPStatus(status).phrase, headers=HEADERS)
        response.force_close()
        return response
