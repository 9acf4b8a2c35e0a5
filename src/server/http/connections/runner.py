"""Runs an application on the connections that are taken in."""

import asyncio
from typing import Any, Final

from aiohttp import web

from server.http.connections.connection import Connection
from server.http.connections.edge import Edge
from server.http.connections.limits import LONGEST_HEADER, LONGEST_LINE, MOST_HEADERS
from server.http.connections.places import Place

NEVER_SECONDS: Final = 10 * 365 * 24 * 3600.0
LINGERING_SECONDS: Final = 2.0
"""How long the rest of a body is taken that nobody reads any more, so that its sender gets to read the answer."""


class BoundedRunner(web.AppRunner):
    def __init__(self, app: web.Application, edge: Edge, *, grace: float) -> None:
        self._edge = edge
        self._options: dict[str, Any] = {
            "access_log": None,
            "max_line_size": LONGEST_LINE,
            "max_field_size": LONGEST_HEADER,
            "max_headers": MOST_HEADERS,
            # Its own time for idling goes on while the next head is coming; the connection has one of ours.
            "keepalive_timeout": NEVER_SECONDS,
            "lingering_time": LINGERING_SECONDS,
            # No route takes a packed body, and a small one may unpack to a very large one.
            "auto_decompress": False,
        }
        super().__init__(app, shutdown_timeout=grace, **self._options)

    def connection(self, place: Place, received: bytes) -> asyncio.Protocol:
        """What serves whoever has this place and has sent so much, and frees the place in the end."""
        assert self.server is not None
        return Connection(self.server, self._edge, place, received, **self._options)
