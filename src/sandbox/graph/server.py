"""Graph over HTTP: token, throttling, faults, dispatch and the envelope of errors."""

import asyncio
import inspect
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.answers import Answer, Hangs, Work, deliver
from sandbox.delivery import Delivery
from sandbox.graph.call import Call, parse_preferences
from sandbox.graph.errors import (
    GraphError,
    access_denied,
    mailbox_refusal,
    no_mailbox,
    throttled,
    unauthenticated,
    unreadable_body,
)
from sandbox.graph.odata import page_number
from sandbox.graph.routes import Route, find_route
from sandbox.world.grants import AccessToken
from sandbox.world.model import Person
from sandbox.world.traffic import RequestEntry
from sandbox.world.world import World

_BASE = "/v1.0"
_ABOUT_EVENTS = re.compile(r"/(events|calendarView)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exchange:
    """One request, read to its end, before anything has been decided about it."""

    request: web.Request
    path: str
    query: dict[str, str]
    payload: bytes
    route: Route | None
    ids: dict[str, str]
    token: AccessToken | None
    running: int

    @property
    def person(self) -> str | None:
        return self.token.person.key if self.token else None


class GraphServer:
    """Answers everything below /v1.0."""

    def __init__(
        self,
        world: World,
        hangs: Hangs,
        authority: Callable[[], str],
        graph_url: Callable[[], str],
        delivery: Delivery,
    ) -> None:
        self._world = world
        self._hangs = hangs
        self._authority = authority
        self._graph_url = graph_url
        self._delivery = delivery

    def add_to(self, app: web.Application) -> None:
        """Serve below /v1.0 of an application."""
        app.router.add_route("*", _BASE + "{path:/.*}", self.handle)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request, from the token to the last byte."""
        token = self._world.grants.find_access_token(_bearer(request))
        traffic, mailbox = self._world.traffic, token.person.key if token else ""
        running = traffic.enter(mailbox)
        try:
            exchange = await _read(request, token, running)
            if exchange.route and _ABOUT_EVENTS.search(exchange.route.template):
                prefer = parse_preferences(request.headers.getall("Prefer", []))
                traffic.record_question(request.method, exchange.route.template, exchange.query, prefer)
            return await self._answer(exchange)
        finally:
            traffic.leave(mailbox)

    async def _answer(self, exchange: _Exchange) -> web.StreamResponse:
        request, world = exchange.request, self._world
        envelope = _envelope(request, world)
        if exchange.running > world.settings.concurrency_limit:
            error = throttled(world.settings.throttle_retry_after)
            return await self._deliver(exchange, lambda: _refusal(error, envelope), envelope, faulty=False)
        if world.settings.delay_seconds:
            await asyncio.sleep(world.settings.delay_seconds)
        return await self._deliver(exchange, lambda: self._work(exchange, envelope), envelope)

    async def _deliver(
        self,
        exchange: _Exchange,
        work: Work,
        envelope: dict[str, str],
        *,
        faulty: bool = True,
    ) -> web.StreamResponse:
        request, world = exchange.request, self._world
        fault = None
        if faulty:
            page = page_number(exchange.query)
            fault = world.faults.take("graph", request.method, exchange.path, exchange.person, page)
        traffic = world.traffic
        headers = {name: envelope[name] for name in ("request-id", "client-request-id")}
        reply = await deliver(request, work, fault, self._hangs, headers=headers, envelope=envelope)
        traffic.requests.append(
            RequestEntry(
                at=world.clock.now(),
                surface="graph",
                method=request.method,
                path=exchange.route.template if exchange.route else "(not served)",
                person=exchange.person,
                status=reply.status,
            )
        )
        return reply

    async def _work(self, exchange: _Exchange, envelope: dict[str, str]) -> Answer:
        try:
            call = self._authorized(exchange)
            route = exchange.route
            if route is None:
                return _refusal(_not_served(), envelope)
            answer = route.handler(call)
            return await answer if inspect.isawaitable(answer) else answer
        except GraphError as error:
            return _refusal(error, envelope)

    def _authorized(self, exchange: _Exchange) -> Call:
        request, token, route = exchange.request, exchange.token, exchange.route
        if token is None:
            missing = not _bearer(request)
            text = "Access token is empty." if missing else "Access token has expired or is not yet valid."
            raise unauthenticated(text, self._authority())
        if route is None:
            raise _not_served()
        if not token.scopes & route.scopes:
            raise access_denied()
        if route.template != "/me" and (error := _closed(token.person, request.method, route.template)):
            raise error
        return Call(
            world=self._world,
            delivery=self._delivery,
            graph_url=self._graph_url(),
            method=request.method,
            template=route.template,
            path=exchange.path,
            raw_query=request.rel_url.raw_query_string,
            query=exchange.query,
            token=token,
            ids=exchange.ids,
            preferences=parse_preferences(request.headers.getall("Prefer", [])),
            if_match=request.headers.get("If-Match"),
            body=_json(exchange.payload) if request.method in ("POST", "PATCH") else None,
        )


async def _read(request: web.Request, token: AccessToken | None, running: int) -> _Exchange:
    path = request.rel_url.raw_path.removeprefix(_BASE).rstrip("/")
    route, ids = find_route(request.method, path)
    options = parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)
    return _Exchange(
        request=request,
        path=path,
        query={name.casefold(): value for name, value in options},
        payload=await request.read(),
        route=route,
        ids=ids,
        token=token,
        running=running,
    )


def _bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.casefold() == "bearer" else ""


def _envelope(request: web.Request, world: World) -> dict[str, str]:
    return {
        "date": world.clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": str(uuid.uuid4()),
        "client-request-id": request.headers.get("client-request-id") or str(uuid.uuid4()),
    }


def _refusal(error: GraphError, envelope: dict[str, str]) -> Answer:
    body = {"error": {"code": error.code, "message": error.message, "innerError": envelope}}
    return Answer(status=error.status, body=body, headers=error.headers)


def _not_served() -> GraphError:
    return GraphError(400, "BadRequest", "Resource not found for the segment: the sandbox doesn't serve it.")


def _json(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        raise unreadable_body("Unable to read JSON request payload.") from None


def _closed(person: Person, method: str, template: str) -> GraphError | None:
    """Why the mailbox doesn't take it: there is none, it is suspended, or it is full and an event is to be kept."""
    keeps = method if "events" in template else "GET"
    return no_mailbox(person.mailbox) or mailbox_refusal(person.mailbox, keeps)
