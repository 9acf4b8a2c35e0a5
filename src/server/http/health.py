"""What an orchestrator asks: is the process alive, and should it get work."""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from application.ports.store import Store, StoreUnavailable
from server.alarms import OperatorAlarms
from server.time_zones import zones_version

PATIENCE = 2.0
"""Seconds the database has to answer."""


class Readiness:
    """Ready while the database answers and nobody has asked the process to stop. The schema is up to date before the
    process listens at all."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.stopping = False

    async def hindrance(self) -> str | None:
        """`stopping`, `database`, or None when ready."""
        if self.stopping:
            return "stopping"
        try:
            async with asyncio.timeout(PATIENCE), self._store.transaction():
                return None
        except (StoreUnavailable, TimeoutError):
            return "database"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    alarms: OperatorAlarms
    readiness: Readiness

    async def alive(self, _request: web.Request) -> web.StreamResponse:
        """200 also with alarms: a restart mends none of them."""
        raised = self.alarms.raised
        return web.json_response({"status": "degraded" if raised else "ok", "alarms": list(raised)})

    async def ready(self, _request: web.Request) -> web.StreamResponse:
        hindrance = await self.readiness.hindrance()
        if hindrance is None:
            return web.json_response({"status": "ready", "time_zones": zones_version()})
        return web.json_response({"status": "unavailable", "reason": hindrance}, status=503)
