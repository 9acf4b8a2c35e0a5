"""What an orchestrator asks: is the process alive, and should it get work. In a word for everybody; in detail for those
who operate the service."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import web

from application.ports.census import Census
from application.ports.store import StoreUnavailable
from server.alarms import OperatorAlarms
from server.time_zones import zones_version

PATIENCE: Final = 2.0
"""Seconds the database has to answer."""
OK: Final = "ok"
UNAVAILABLE: Final = "unavailable"


class Readiness:
    """Ready while the database answers, has the schema that this build needs, and nobody has asked the process to stop.

    Nothing else makes a process unready: what a load balancer takes out for the outage of a provider, or for an alarm,
    it takes out everywhere at once, although most calls would be answered.
    """

    def __init__(self, census: Census, *, needs: str) -> None:
        self._census = census
        self._needs = needs
        self._asking: asyncio.Task[str | None] | None = None
        self.stopping = False

    async def hindrance(self) -> str | None:
        """`stopping`, `database`, `schema`, or None when ready.

        However many ask at once, the database is asked by one: the question is open to everybody.
        """
        if self.stopping:
            return "stopping"
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._of_database(), name="asks whether it is ready")
        return await asyncio.shield(self._asking)

    async def _of_database(self) -> str | None:
        try:
            async with asyncio.timeout(PATIENCE):
                version = await self._census.schema_version()
        except (StoreUnavailable, TimeoutError):
            return "database"
        return None if version >= self._needs else "schema"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicHealth:
    """For whoever reaches the HTTP side: a word, and nothing of the inside."""

    readiness: Readiness

    async def alive(self, _request: web.Request) -> web.StreamResponse:
        """Whatever alarms there are: a restart mends none of them."""
        return web.Response(text=OK)

    async def ready(self, _request: web.Request) -> web.StreamResponse:
        if await self.readiness.hindrance() is None:
            return web.Response(text=OK)
        return web.Response(text=UNAVAILABLE, status=HTTPStatus.SERVICE_UNAVAILABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailedHealth:
    """For those who operate the service."""

    alarms: OperatorAlarms
    readiness: Readiness

    async def alive(self, _request: web.Request) -> web.StreamResponse:
        raised = {name: since.isoformat(timespec="seconds") for name, since in self.alarms.raised.items()}
        return web.json_response({"status": "degraded" if raised else OK, "alarms": raised})

    async def ready(self, _request: web.Request) -> web.StreamResponse:
        hindrance = await self.readiness.hindrance()
        told = {
            "status": UNAVAILABLE if hindrance else "ready",
            "reason": hindrance,
            "time_zones": zones_version(),
        }
        status = HTTPStatus.SERVICE_UNAVAILABLE if hindrance else HTTPStatus.OK
        return web.json_response(told, status=status)
