"""Puts the HTTP side together, and serves it."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass

from aiohttp import web

from application.ports.provider import CalendarProviders
from server.http.connections.accepting import Accepting
from server.http.connections.edge import Edge
from server.http.connections.limits import HttpLimits
from server.http.connections.loop_share import LoopShare
from server.http.connections.runner import BoundedRunner
from server.http.headers import ANSWER_HEADERS, AnswerHeaders, give_headers
from server.http.health import PublicHealth
from server.http.links import (
    ALIVE_PATH,
    READY_PATH,
    RECONNECT_PATH,
    RESULT_PATH,
    ROBOTS_PATH,
    callback_path,
    sign_in_path,
)
from server.http.middleware import METER, log_request
from server.http.notifications.addresses import Notifications
from server.http.oauth import Callbacks, result_page
from server.http.pages import PRODUCT, Product
from server.http.password_page import PasswordPages
from server.http.reconnect import Reconnect
from server.http.robots import robots
from server.metrics.http import HttpMetrics

LARGEST_FORM = 64 * 1024
DEFAULT_LIMITS = HttpLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """What browsers see, and what providers call: sign-ins come back from each of `providers`, those without
    sign-in pages for us have ours, and notifications come."""

    providers: CalendarProviders
    callback: Callbacks
    password: PasswordPages
    reconnect: Reconnect
    notifications: Notifications


def http_app(
    health: PublicHealth, pages: Pages | None, product: Product, meter: HttpMetrics, *, https: bool = False
) -> web.Application:
    """Every process reports its health; `pages` is None where it serves nothing else. `https` says whether browsers
    reach it by that."""
    app = web.Application(middlewares=[log_request], client_max_size=LARGEST_FORM)
    app[PRODUCT] = product
    app[METER] = meter
    give_headers(app, https=https)
    app.router.add_get(ALIVE_PATH, health.alive)
    app.router.add_get(READY_PATH, health.ready)
    if pages is not None:
        for provider, bundle in pages.providers.items():
            callback = pages.callback.of(provider)
            # Looking without fetching (HEAD) must not use a sign-in up.
            app.router.add_get(callback_path(provider), callback.get, allow_head=False)
            app.router.add_post(callback_path(provider), callback.post)
            if bundle.passwords is not None:
                password = pages.password.of(provider)
                app.router.add_get(sign_in_path(provider), password.get)
                app.router.add_post(sign_in_path(provider), password.post)
            for path, handler in pages.notifications.of(provider).items():
                app.router.add_post(path, handler)
        app.router.add_get(RESULT_PATH + "{result}", result_page)
        app.router.add_get(RECONNECT_PATH + "{token}", pages.reconnect.get, allow_head=False)
        app.router.add_get(ROBOTS_PATH, robots)
        app.on_cleanup.append(pages.notifications.intake.close)
    return app


class HttpServer:
    """A started server. `port` is the one it got."""

    def __init__(self, runner: web.AppRunner, accepting: Accepting, port: int) -> None:
        self._runner = runner
        self._accepting = accepting
        self.port = port

    async def stop(self) -> None:
        """New connections are refused, running requests get the grace time. A repeat does nothing."""
        if self._runner.server is None:
            return
        await self._accepting.stop()
        await self._runner.cleanup()

    async def cut_off(self) -> None:
        """Running requests get no more time."""
        if self._runner.server is not None:
            await self._runner.server.shutdown(0)


@asynccontextmanager
async def http_server(
    app: web.Application,
    listening: socket.socket,
    *,
    grace: float,
    part: float = 1,
    limits: HttpLimits = DEFAULT_LIMITS,
) -> AsyncIterator[HttpServer]:
    """Serves on a socket that listens already, until the end; then running requests get `grace` seconds.

    All requests together, but those for its health, use no more than `part` of the loop's time.
    """
    edge = Edge(limits=limits, share=LoopShare(part), headers=app.get(ANSWER_HEADERS, AnswerHeaders()))
    runner = BoundedRunner(app, edge, grace=grace)
    await runner.setup()
    accepting = Accepting(listening, runner.connection, edge)
    server = HttpServer(runner, accepting, listening.getsockname()[1])
    meter = app.get(METER)
    with meter.following(lambda: len(edge.places), edge.cut_offs.by_reason) if meter else nullcontext():
        try:
            yield server
        finally:
            await server.stop()
            edge.cut_offs.tell_the_rest()
