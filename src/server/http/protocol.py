"""Serves HTTP, and answers anything else with a refusal of our own.

The library repeats nonsense to its sender along with its own name and version, and logs an error each time: on the open
internet that is a line a second that says nothing about the service.
"""

from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from server.http.middleware import HEADERS
from server.logs import described

log = structlog.stdlib.get_logger("server.http")


class QuietRunner(web.AppRunner):
    """Runs an application on connections that refuse quietly."""

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _Server  # the library offers no other way to choose the class of connections
        return server


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web.RequestHandler):
    __slots__ = ()

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
