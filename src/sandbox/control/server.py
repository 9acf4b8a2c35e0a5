"""The control API over plain HTTP on loopback."""

import inspect
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.control import access, google, icloud, mailboxes, push, records
from sandbox.control.order import Order
from sandbox.graph.errors import GraphError
from sandbox.mail_sink import MailSink
from sandbox.world.people import UnknownName
from sandbox.world.world import World

_PERSON = "/people/{person}"
_CALENDAR = _PERSON + "/calendars/{calendar}"
_EVENT = _PERSON + "/events/{event}"
_OCCURRENCE = _EVENT + "/occurrences/{date}"

_ROUTES: list[tuple[str, str, Callable[[Order], Any]]] = [
    ("POST", "/reset", records.reset),
    ("POST", "/authorize-as", access.authorize_as),
    ("GET", "/people", mailboxes.people),
    ("PATCH", _PERSON, mailboxes.change_person),
    ("POST", _PERSON + "/revoke", access.revoke),
    ("POST", _PERSON + "/expire-access-tokens", access.expire_access_tokens),
    ("POST", _PERSON + "/remove-consent", access.remove_consent),
    ("POST", _PERSON + "/move-mailbox", mailboxes.move_mailbox),
    ("GET", _PERSON + "/calendars", mailboxes.calendars),
    ("POST", _PERSON + "/calendars", mailboxes.add_calendar),
    ("PATCH", _CALENDAR, mailboxes.change_calendar),
    ("DELETE", _CALENDAR, mailboxes.remove_calendar),
    ("POST", _CALENDAR + "/new-id", mailboxes.renew_calendar_id),
    ("GET", _CALENDAR + "/events", mailboxes.events),
    ("POST", _CALENDAR + "/events", mailboxes.add_event),
    ("PATCH", _EVENT, mailboxes.change_event),
    ("DELETE", _EVENT, mailboxes.delete_event),
    ("POST", _EVENT + "/move", mailboxes.move_event),
    ("POST", _EVENT + "/copy", mailboxes.copy_event),
    ("POST", _EVENT + "/restore", mailboxes.restore_event),
    ("POST", _EVENT + "/meeting", mailboxes.add_meeting),
    ("PATCH", _OCCURRENCE, mailboxes.change_occurrence),
    ("DELETE", _OCCURRENCE, mailboxes.delete_occurrence),
    ("GET", "/subscriptions", push.subscriptions),
    ("DELETE", "/subscriptions/{subscription}", push.remove_subscription),
    ("POST", "/subscriptions/{subscription}/lifecycle", push.send_lifecycle_event),
    ("GET", "/tenants", mailboxes.tenants),
    ("PATCH", "/tenants/{tenant}", mailboxes.change_tenant),
    ("GET", "/approval-requests", access.approval_requests),
    ("POST", "/client/rotate-secret", access.rotate_secret),
    ("POST", "/client/add-secret", access.add_secret),
    ("POST", "/client/drop-secret", access.drop_secret),
    ("POST", "/signing-keys/rotate", access.rotate_signing_key),
    ("POST", "/client/certificates", access.add_certificate),
    ("GET", "/faults", access.faults),
    ("POST", "/faults", access.add_fault),
    ("DELETE", "/faults", access.clear_faults),
    ("GET", "/settings", records.settings),
    ("PATCH", "/settings", records.change_settings),
    ("GET", "/ledger", records.ledger),
    ("GET", "/requests", records.requests),
    ("DELETE", "/records", records.clear_records),
    ("GET", "/invitations", records.invitations),
    ("GET", "/concurrency", records.concurrency),
    ("GET", "/mails", records.mails),
    ("DELETE", "/mails", records.clear_mails),
    ("PATCH", "/mail-server", records.change_mail_server),
    ("GET", "/google/people", google.people),
    ("PATCH", "/google" + _PERSON, google.change_person),
    ("POST", "/google" + _PERSON + "/end-consent", google.end_consent),
    ("POST", "/google" + _PERSON + "/expire-access-tokens", google.expire_access_tokens),
    ("GET", "/google" + _PERSON + "/calendars", google.calendars),
    ("PATCH", "/google" + _CALENDAR, google.change_calendar),
    ("GET", "/google/channels", google.channels),
    ("GET", "/google/mistakes", records.mistakes),
    ("GET", "/google/settings", google.settings),
    ("PATCH", "/google/settings", google.change_settings),
    ("POST", "/google/client/rotate-secret", google.rotate_secret),
    ("POST", "/google/client/add-secret", google.add_secret),
    ("POST", "/google/client/drop-secret", google.drop_secret),
    ("POST", "/google/signing-keys/rotate", google.rotate_signing_key),
    ("GET", "/icloud/people", icloud.people),
    ("PATCH", "/icloud" + _PERSON, icloud.change_person),
    ("POST", "/icloud" + _PERSON + "/passwords", icloud.make_password),
    ("DELETE", "/icloud" + _PERSON + "/passwords", icloud.revoke_password),
    ("POST", "/icloud" + _PERSON + "/apple-id-password", icloud.change_apple_id_password),
    ("GET", "/icloud" + _PERSON + "/calendars", icloud.calendars),
    ("PATCH", "/icloud" + _CALENDAR, icloud.change_calendar),
    ("GET", "/icloud" + _CALENDAR + "/files", icloud.files),
    ("POST", "/icloud" + _CALENDAR + "/files", icloud.put_file),
    ("GET", "/icloud/hosts", icloud.hosts),
    ("GET", "/icloud/settings", icloud.settings),
    ("PATCH", "/icloud/settings", icloud.change_settings),
    ("GET", "/clock", records.clock),
    ("POST", "/clock", records.move_clock),
]


class ControlServer:
    """Hands each order to its handler and its result back as JSON."""

    def __init__(self, world: World, mail_sink: MailSink, reset: Callable[[], Awaitable[None]]) -> None:
        self._world = world
        self._mail_sink = mail_sink
        self._reset = reset

    def add_to(self, app: web.Application) -> None:
        """Serve at the root of an application."""
        for method, path, handler in _ROUTES:
            app.router.add_route(method, path, self._serve(handler))

    def _serve(self, handler: Callable[[Order], Any]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            try:
                result = handler(await self._order(request))
                if inspect.isawaitable(result):
                    result = await result
            except UnknownName as error:
                return _problem(404, f"unknown: {error}")
            except GraphError as error:
                return _problem(400, error.message)
            except (ValueError, TypeError, KeyError) as error:
                return _problem(400, f"{type(error).__name__}: {error}")
            return web.json_response(result)

        return serve

    async def _order(self, request: web.Request) -> Order:
        # A page in a browser of this machine must not be able to give orders.
        if "Origin" in request.headers:
            raise ValueError("orders from web pages are refused")
        payload = await request.read()
        body = json.loads(payload) if payload else {}
        if not isinstance(body, dict):
            raise TypeError("the body must be a JSON object")
        return Order(
            world=self._world,
            mail_sink=self._mail_sink,
            reset=self._reset,
            names=request.match_info,
            query=request.query,
            body=body,
        )


def _problem(status: int, text: str) -> web.Response:
    return web.json_response({"problem": text}, status=status)
