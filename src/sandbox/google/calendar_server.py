"""Google's Calendar API over HTTP: token, checks, scopes, faults, dispatch, partial answers."""

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.answers import Answer, Hangs, deliver
from sandbox.delivery import Delivery
from sandbox.google import calendars, channels, events, freebusy, selection, writing
from sandbox.google.accounts_server import bearer
from sandbox.google.call import Call, page_number
from sandbox.google.description import Method, checks, find_method
from sandbox.google.errors import (
    GoogleError,
    bad_request,
    invalid_selection,
    missing_scope,
    no_calendar_user,
    not_found,
    required,
    unauthenticated,
    usage_limit,
)
from sandbox.google.selection import InvalidSelection, Selection
from sandbox.world.google.grants import AccessToken
from sandbox.world.traffic import Mistake, RequestEntry
from sandbox.world.world import World

BASE: Final = "/calendar/v3"
_NOT_SERVED: Final = "(not served)"
Handler = Callable[[Call], Answer | Awaitable[Answer]]
HANDLERS: Final[Mapping[str, Handler]] = {
    "calendar.calendarList.list": calendars.list_calendars,
    "calendar.events.list": events.list_events,
    "calendar.events.get": events.get_event,
    "calendar.events.insert": writing.insert_event,
    "calendar.events.patch": writing.patch_event,
    "calendar.events.delete": writing.delete_event,
    "calendar.events.watch": channels.watch_events,
    "calendar.channels.stop": channels.stop_channel,
    "calendar.freebusy.query": freebusy.query,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exchange:
    """One request, read to its end, before anything has been decided about it."""

    request: web.Request
    path: str
    options: list[tuple[str, str]]
    payload: bytes
    method: Method | None
    ids: dict[str, str]
    token: AccessToken | None

    @property
    def person(self) -> str | None:
        return self.token.person.key if self.token else None

    @property
    def template(self) -> str:
        return self.method.template if self.method else _NOT_SERVED

    @property
    def query(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in self.options:
            found.setdefault(name, []).append(value)
        return found


class GoogleCalendarServer:
    """Answers everything below /calendar/v3."""

    def __init__(self, world: World, hangs: Hangs, delivery: Delivery) -> None:
        self._world = world
        self._hangs = hangs
        self._delivery = delivery

    def add_to(self, app: web.Application) -> None:
        """Serve below /calendar/v3 of an application."""
        app.router.add_route("*", BASE + "{path:/.*}", self.handle)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request, from the token to the last byte."""
        token = self._world.google.grants.find_access_token(bearer(request))
        traffic, calendars_of = self._world.traffic, token.person.key if token else ""
        traffic.enter(calendars_of)
        try:
            return await self._answer(await self._read(request, token))
        finally:
            traffic.leave(calendars_of)

    async def _answer(self, exchange: _Exchange) -> web.StreamResponse:
        world, request = self._world, exchange.request
        self._record_question(exchange)
        if world.google.settings.delay_seconds:
            await asyncio.sleep(world.google.settings.delay_seconds)
        fault = world.faults.take(
            "google", request.method, exchange.path, exchange.person, page_number(exchange.query)
        )
        reply = await deliver(request, lambda: self._work(exchange), fault, self._hangs)
        world.traffic.requests.append(
            RequestEntry(
                at=world.clock.now(),
                surface="google",
                method=request.method,
                path=exchange.template,
                person=exchange.person,
                status=reply.status,
            )
        )
        return reply

    async def _read(self, request: web.Request, token: AccessToken | None) -> _Exchange:
        path = request.rel_url.raw_path.removeprefix(BASE)
        found = find_method(request.method, path)
        return _Exchange(
            request=request,
            path=path,
            options=parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True),
            payload=await request.read(),
            method=found[0] if found else None,
            ids=found[1] if found else {},
            token=token,
        )

    async def _work(self, exchange: _Exchange) -> Answer:
        try:
            call = self._authorized(exchange)
            answer = HANDLERS[call.method.id](call)
            done = await answer if inspect.isawaitable(answer) else answer
            return replace(done, body=self._said(selection.select(call.selection, done.body)))
        except GoogleError as error:
            return self._refusal(error)

    def _said(self, body: Any) -> Any:
        """Without an empty list, where the settings say so."""
        if self._world.google.settings.leaves_out_empty_lists and isinstance(body, dict):
            return {name: value for name, value in body.items() if value != []}
        return body

    def _refusal(self, error: GoogleError) -> Answer:
        settings = self._world.google.settings
        limited = error.domain == "usageLimits" and settings.usage_retry_after is not None
        headers = {"Retry-After": settings.usage_retry_after or ""} if limited else {}
        return Answer(status=error.status, body=error.body(settings.refusal_form), headers=headers)

    def _authorized(self, exchange: _Exchange) -> Call:
        method, token = exchange.method, exchange.token
        if method is None:
            self._note(exchange, "no such method")
            raise not_found()
        body, wrong = _body(method, exchange.payload)
        missing = [name for name in method.required if isinstance(body, dict) and name not in body]
        wrong += [*checks.wrong_values(method, exchange.options), *checks.body_mistakes(method, body)]
        for mistake in (*checks.unknown_names(method, exchange.options), *wrong):
            self._note(exchange, mistake)
        if token is None:
            raise unauthenticated()
        self._require_room(token)
        if not token.scopes & method.scopes:
            self._note(exchange, "no scope for it")
            raise missing_scope()
        if token.person.google_account.calendar == "off":
            raise no_calendar_user()
        if wrong:
            raise required(missing[0]) if missing else bad_request()
        return Call(
            world=self._world,
            delivery=self._delivery,
            method=method,
            token=token,
            ids=exchange.ids,
            query=exchange.query,
            selection=self._selection(exchange, method),
            body=body,
            if_match=exchange.request.headers.get("If-Match"),
        )

    def _require_room(self, token: AccessToken) -> None:
        google = self._world.google
        if not google.usage.admit(token.person):
            raise usage_limit(google.settings.usage_status, google.settings.usage_reason)

    def _selection(self, exchange: _Exchange, method: Method) -> Selection | None:
        text = exchange.query.get("fields", [""])[-1]
        if not text or method.answers is None:
            return None
        try:
            found = selection.parse(text)
            selection.require_members(found, method.answers)
        except InvalidSelection as error:
            self._note(exchange, "fields names what there isn't")
            if self._world.google.settings.unknown_fields == "refused":
                raise invalid_selection(str(error)) from None
            found = selection.parse(text)
        return found

    def _note(self, exchange: _Exchange, mistake: str) -> None:
        entry = Mistake(
            person=exchange.person or "",
            method=exchange.request.method,
            path=exchange.template,
            mistake=mistake,
        )
        self._world.traffic.mistakes.append(entry)

    def _record_question(self, exchange: _Exchange) -> None:
        """Enter what is asked for about events, whatever becomes of it."""
        method = exchange.method
        if method is None or method.id.startswith("calendar.calendarList"):
            return
        names = {name for name, _ in exchange.options if name != "fields"}
        if method.answers in ("Event", "Events"):
            names |= _asked(exchange.query.get("fields", [""])[-1], method)
        self._world.traffic.record_asked(method.verb, method.template, names)


def _asked(fields: str, method: Method) -> set[str]:
    try:
        wanted = selection.parse(fields) if fields else None
    except InvalidSelection:
        return {"fields=(unreadable)"}
    return {f"fields={name}" for name in selection.names(wanted)}


def _body(method: Method, payload: bytes) -> tuple[Any, list[str]]:
    if not payload:
        return ({} if method.takes else None), []
    try:
        return json.loads(payload), []
    except ValueError:
        return {}, ["the body is no JSON"]
