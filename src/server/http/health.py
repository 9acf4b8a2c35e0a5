"""What an orchestrator asks: is the process alive, and should it get work. In a word, for everybody."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import web

from application.ports.census import Census
from application.ports.store import StoreUnavailable

PATIENCE: Final = 2.0
"""Seconds the database has to answer."""
OK: Final = "ok"
UNAVAILABLE: Final = "unavailable"
STOPPING: Final = "stopping"
DATABASE: Final = "database"
SCHEMA: Final = "schema"


class Readiness:
    """Ready while the database answers, has the schema that this build needs, and nobody has asked the process to stop.

    Nothing else makes a process unready: what a load balancer takes out for the outage of a provider, or for an alarm,
    it takes out everywhere at once, although most calls would be answered.
    """

    def __init__(self, census: Census, *, needs: str) -> None:
        self._census = census
        self._asking: asyncio.Task[str | None] | None = None
        self.needs = needs
        self.stopping = False

    async def hindrance(self) -> str | None:
        """STOPPING, DATABASE, SCHEMA, or None when ready."""
        if self.stopping:
            return STOPPING
        version = await self.schema_version()
        if version is None:
            return DATABASE
        return None if version >= self.needs else SCHEMA

    async def schema_version(self) -> str | None:
        """The database's own; None while that can't be reached.

        However many ask at once, the database is asked by one: the question is open to everybody.
        """
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(), name="asks whether it is ready")
        return await asyncio.shield(self._asking)

    async def _ask(self) -> str | None:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._census.schema_version()
        except (StoreUnavailable, TimeoutError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicHealth:
    """For whoever reaches the HTTP side: nothing of the inside."""

    readiness: Readiness

    async def alive(self, _request: web.Request) -> web.StreamResponse:
        """Whatever alarms there are: a restart mends none of them."""
        return web.Response(text=OK)

    async def ready(self, _request: web.Request) -> web.StreamResponse:
        if await self.readiness.hindrance() is None:
            return web.Response(text=OK)
        return web.Response(text=UNAVAILABLE, status=HTTPStatus.SERVICE_UNAVAILABLE)
