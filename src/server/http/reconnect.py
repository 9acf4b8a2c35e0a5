"""The link of the "Action required" mail."""

import re
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from application.accounts.start_reconnect import ReconnectNotBegun, StartReconnect
from domain.incident import ReconnectedAlready, ReconnectLinkUnknown
from server.http.elsewhere import Elsewhere
from server.http.failures import failure_page
from server.http.pages import page_response
from server.http.texts import DAMAGED_RECONNECT, RECONNECTED_ALREADY, UNKNOWN_RECONNECT

WHOLE_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""256 bits in the alphabet of URLs, as the ids' source makes them; whatever else comes was broken on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconnect:
    """Starts the sign-in for that very account and sends the browser there."""

    start_reconnect: StartReconnect
    elsewhere: Elsewhere

    async def get(self, request: web.Request) -> web.StreamResponse:
        token = request.match_info["token"]
        if not WHOLE_TOKEN.fullmatch(token):
            return page_response(request, DAMAGED_RECONNECT)
        try:
            url = await self.start_reconnect(token)
        except ReconnectLinkUnknown:
            return await self.elsewhere(request, token) or page_response(request, UNKNOWN_RECONNECT)
        except ReconnectedAlready:
            return page_response(request, RECONNECTED_ALREADY)
        except ReconnectNotBegun as failure:
            return page_response(request, failure_page(failure.why, failure.provider))
        return web.Response(status=302, headers={"Location": url})
