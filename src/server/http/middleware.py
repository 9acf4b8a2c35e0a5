"""Around every HTTP request: the log line, and faults as pages."""

import time
import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from application.ports.store import StoreUnavailable
from domain.audit import ActorKind
from server.acting import acting_as
from server.http.connections.notes import COUNTED, HUNG_UP, BodyTooSlow, has_gone
from server.http.links import NOTIFICATIONS_ROOT
from server.http.pages import page_response
from server.http.texts import AWAY, fault_page
from server.logs import described
from server.metrics.http import HttpMetrics

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

METER: Final = web.AppKey("meter", HttpMetrics)
"""Of an application whose requests are measured."""
log = structlog.stdlib.get_logger("server.http")


@web.middleware
async def log_request(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The route and not the path: in paths and queries there are secrets."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex)
    started = time.perf_counter()
    status = 500
    try:
        with acting_as(ActorKind.BROWSER):
            response = await _guarded(request, handler)
        status = response.status
        return response
    finally:
        _tell(request, status, time.perf_counter() - started)


def _tell(request: web.Request, status: int, seconds: float) -> None:
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "unknown"
    if (meter := request.app.get(METER)) is not None:
        meter.answered(route=route, method=request.method, status=status, seconds=seconds)
    if not request.get(COUNTED, False):
        log.info("request", method=request.method, route=route, status=status, ms=round(seconds * 1000, 1))


async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
    except web.HTTPException as refused:
        # Its own text says nothing but the status.
        response = web.Response(status=refused.status, text=refused.reason)
        if "Allow" in refused.headers:
            response.headers["Allow"] = refused.headers["Allow"]
    except BodyTooSlow:
        request[COUNTED] = True
        response = web.Response(status=HTTPStatus.REQUEST_TIMEOUT)
        response.force_close()
    except (web.RequestPayloadError, HttpProcessingError):
        response = web.Response(status=HTTPStatus.BAD_REQUEST, text=HTTPStatus.BAD_REQUEST.phrase)
    except StoreUnavailable:
        response = page_response(request, AWAY, retry_after=10)
    except Exception as error:  # noqa: BLE001 - the outermost place
        if isinstance(error, ConnectionError) and has_gone(request):
            return web.Response(status=HUNG_UP)
        log_id = uuid.uuid4().hex
        log.error("unexpected fault", log_id=log_id, **described(error))
        response = _fault(request, log_id)
    return response


def _fault(request: web.Request, log_id: str) -> web.Response:
    """A page is for people: the provider, and whoever pretends to be it, learns nothing."""
    if request.path.startswith(NOTIFICATIONS_ROOT):
        return web.Response(status=500)
    return page_response(request, fault_page(log_id))
