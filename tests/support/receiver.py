"""An address for change notifications that keeps what it gets and answers as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(kw_only=True)
class Receiver:
    """`raw` are the deliveries in the order they came, `paths` where and `headers` with what; `tokens` those of
    validation requests.

    `statuses` answers the next deliveries, 202 when it is used up. `validation` replaces the answer to validation
    requests, `robots` is what robots.txt says. While `silent` is set, nothing is answered until it is cleared again by
    `speak`.
    """

    url: str = ""
    raw: list[bytes] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    validation: web.Response | None = None
    robots: str = ""
    silent: bool = False
    _spoke: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The deliveries as JSON."""
        return [json.loads(body) for body in self.raw]

    @property
    def items(self) -> list[dict[str, Any]]:
        """Every item of every delivery."""
        return [item for body in self.bodies for item in body["value"]]

    @property
    def kinds(self) -> list[str]:
        """What each item says: its kind of change, or its lifecycle event."""
        return [item.get("changeType") or item["lifecycleEvent"] for item in self.items]

    def speak(self) -> None:
        """Answer everything that waits, and what comes later."""
        self.silent = False
        self._spoke.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.queries.append(request.query_string)
        if self.silent:
            await self._spoke.wait()
        token = request.query.get("validationToken")
        if token is not None:
            self.tokens.append(token)
            return self.validation or web.Response(text=token)
        self.raw.append(await request.read())
        self.paths.append(request.path)
        self.headers.append(request.headers)
        return web.Response(status=self.statuses.pop(0) if self.statuses else 202)

    async def tell_robots(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text=self.robots)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on a free port of this machine."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{name:.*}", receiver.handle)
    app.router.add_get("/robots.txt", receiver.tell_robots)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/notify"
        yield receiver
    finally:
        receiver.speak()
        await runner.cleanup()
