"""Where Google reports changes of calendars.

Sources: developers.google.com, "Push notifications" of the Calendar API: 200, 201, 202, 204 and 102 count as delivered;
500, 502, 503 and 504 are tried again; after any other answer the notification is lost.
"""

from dataclasses import dataclass

from aiohttp import web

from adapters.google.notifications import notification_from
from application.notifications.notification import Notice, Notification
from server.http.notifications.intake import Intake, came_too_late, come_again


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleNotifications:
    """All that counts is in the headers. What is no notification gets the answer of a forged one, and so does the first
    of a channel, which may be here before we know its other id."""

    intake: Intake

    async def post(self, request: web.Request) -> web.StreamResponse:
        response = await self._answer(request)
        if request.can_read_body:
            response.force_close()  # Google sends none, and nobody reads it
        return response

    async def _answer(self, request: web.Request) -> web.Response:
        if came_too_late(request):
            return come_again()
        received = notification_from(request.headers)
        if received is None:
            return await self.intake.take(request, [], items=1)
        if received.opens:
            return self.intake.announced(request)
        change = Notification(remote_id=received.remote_id, secret=received.secret, notice=Notice.CHANGED)
        return await self.intake.take(request, [change], items=1)
