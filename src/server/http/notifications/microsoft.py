"""Where Microsoft reports changes of calendars, after checking that the address is ours.

Sources: learn.microsoft.com, "Receive change notifications through webhooks": the check is answered with its token as
plain text; a delivery with 202 within three seconds, or with 5xx when it could not be stored, so that it is sent again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import web

from adapters.graph.notifications import ReceivedNotification, notifications_from
from application.notifications.notification import Notice, Notification
from domain.access import InvalidAnswer
from server.http.notifications.intake import Intake, came_too_late, come_again

LARGEST_DELIVERY: Final = 256 * 1024
"""Bytes; a notification has about 500."""
LONGEST_CHECK: Final = 4096
"""Characters of the token by which the address is checked."""
NOTICES: Final[Mapping[str | None, Notice]] = {
    None: Notice.CHANGED,
    "reauthorizationRequired": Notice.ENDING,
    "subscriptionRemoved": Notice.ENDED,
    "missed": Notice.MISSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrosoftNotifications:
    """Answers hold no word but the token of a check."""

    intake: Intake

    async def post(self, request: web.Request) -> web.StreamResponse:
        if came_too_late(request):
            return come_again()
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
        return await self.intake.take(request, [_notification(one) for one in received], items=len(received))


def _checked(tokens: list[str]) -> web.Response:
    if len(tokens) != 1 or len(tokens[0]) > LONGEST_CHECK:
        return web.Response(status=HTTPStatus.BAD_REQUEST)
    return web.Response(text=tokens[0], content_type="text/plain", charset="utf-8")


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


def _notification(one: ReceivedNotification) -> Notification:
    return Notification(remote_id=one.remote_id, secret=one.secret, notice=NOTICES[one.lifecycle])
