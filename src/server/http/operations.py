"""The door for those who operate the service: measurements, and its health in detail.

A listener of its own, since what it tells is for nobody outside. It writes no log: it is asked every few seconds.
"""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from server.http.connections.notes import COUNTED
from server.http.detailed_health import DetailedHealth
from server.http.headers import give_headers
from server.http.links import ALIVE_PATH, METRICS_PATH, READY_PATH
from server.http.middleware import Handler, log_request
from server.metrics.census import CensusTaker
from server.metrics.metrics import CONTENT_TYPE, Metrics

LARGEST_REQUEST: Final = 1024


@dataclass(frozen=True, slots=True)
class MetricsPage:
    metrics: Metrics
    census: CensusTaker

    async def get(self, _request: web.Request) -> web.StreamResponse:
        await self.census.look()
        return web.Response(body=await self.metrics.page(), headers={"Content-Type": CONTENT_TYPE})


def operations_app(health: DetailedHealth, metrics: MetricsPage) -> web.Application:
    app = web.Application(middlewares=[_unlogged, log_request], client_max_size=LARGEST_REQUEST)
    give_headers(app)
    app.router.add_get(METRICS_PATH, metrics.get)
    app.router.add_get(ALIVE_PATH, health.alive)
    app.router.add_get(READY_PATH, health.ready)
    return app


@web.middleware
async def _unlogged(request: web.Request, handler: Handler) -> web.StreamResponse:
    request[COUNTED] = True
    return await handler(request)
