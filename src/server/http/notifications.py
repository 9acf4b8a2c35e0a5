"""Where Microsoft reports changes of calendars, after checking that the address is ours.

Sources: learn.microsoft.com, "Receive change notifications through webhooks": the check is answered with its token as
plain text; a delivery with 202 within three seconds, or with 5xx when it could not be stored, so that it is sent again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web

from adapters.graph.notifications import ReceivedNotification, notifications_from
from application.notifications.notification import Notice, Notification
from application.ports.store import StoreUnavailable
from domain.access import InvalidAnswer
from server.http.connections.notes import COUNTED, WAITED_SECONDS
from server.http.deliveries import Deliveries
from server.http.forged_deliveries import ForgedDeliveries
from server.metrics.work import WorkMetrics

LARGEST_DELIVERY: Final = 256 * 1024
"""Bytes; a notification has about 500."""
LONGEST_CHECK: Final = 4096
"""Characters of the token by which the address is checked."""
LONGEST_PROOF: Final = 256
"""Characters of a subscription's id, or of its secret."""
STORE_PATIENCE: Final = timedelta(seconds=0.8)
"""How long the database may take, with the deliveries before this one: whoever answers slowly too often gets no
notifications for ten minutes."""
NOTICES: Final[Mapping[str | None, Notice]] = {
    None: Notice.CHANGED,
    "reauthorizationRequired": Notice.ENDING,
    "subscriptionRemoved": Notice.ENDED,
    "missed": Notice.MISSED,
}
LONGEST_TURN: Final = timedelta(seconds=2)
"""Whoever waited longer for their turn is asked to come again: the answer to more work would come too late."""
log = structlog.stdlib.get_logger("server.http")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifications:
    """Answers hold a status and no word, but for the token. Forged deliveries are taken like others, without effect: a
    sender learns nothing from the answer."""

    deliveries: Deliveries
    forged: ForgedDeliveries
    meter: WorkMetrics

    async def post(self, request: web.Request) -> web.StreamResponse:
        if request.get(WAITED_SECONDS, 0) > LONGEST_TURN.total_seconds():
            return _come_again()
        if "validationToken" in request.query:
            return _checked(request.query.getall("validationToken"))
        if request.content_type != "application/json" or "Content-Encoding" in request.headers:
            return _closing(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        body = await _body(request)
        if body is None:
            return _closing(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            received = notifications_from(body)
        except InvalidAnswer:
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        return await self._take(request, received)

    async def close(self, _: web.Application) -> None:
        """For the end of the application: nothing it took is under way any more."""
        await self.deliveries.close()
        self.forged.tell_the_rest()

    async def _take(self, request: web.Request, received: tuple[ReceivedNotification, ...]) -> web.Response:
        try:
            taken = await self.deliveries.take(
                [_notification(one) for one in received if _may_be_ours(one)], within=STORE_PATIENCE
            )
        except (StoreUnavailable, TimeoutError):
            log.warning("notifications could not be kept", items=len(received))
            self.meter.notified(lost=len(received))
            return _come_again()
        self.meter.notified(taken=taken, forged=len(received) - taken)
        if taken:
            log.info("notifications", items=len(received), taken=taken)
        else:
            request[COUNTED] = True
            self.forged.add(items=len(received))
        return web.Response(status=HTTPStatus.ACCEPTED)


def _checked(tokens: list[str]) -> web.Response:
    if len(tokens) != 1 or len(tokens[0]) > LONGEST_CHECK:
        return web.Response(status=HTTPStatus.BAD_REQUEST)
    return web.Response(text=tokens[0], content_type="text/plain", charset="utf-8")


def _come_again() -> web.Response:
    """Microsoft delivers again what is answered so."""
    return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "5"})


async def _body(request: web.Request) -> bytes | None:
    """None when it is too large, whatever its length was said to be."""
    if (request.content_length or 0) > LARGEST_DELIVERY:
        return None
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LARGEST_DELIVERY:
            return None
    return bytes(body)


def _closing(status: HTTPStatus) -> web.Response:
    """Nobody reads what is still on its way."""
    response = web.Response(status=status)
    response.force_close()
    return response


def _may_be_ours(one: ReceivedNotification) -> bool:
    """Graph's ids and our secrets are short and plain; other text may not even be fit for the database."""
    return all(
        text.isascii() and text.isprintable() and 0 < len(text) <= LONGEST_PROOF
        for text in (one.remote_id, one.secret)
    )


def _notification(one: ReceivedNotification) -> Notification:
    return Notification(remote_id=one.remote_id, secret=one.secret, notice=NOTICES[one.lifecycle])
