"""The link of the "Action required" mail."""

from dataclasses import dataclass

from aiohttp import web

from application.accounts.start_reconnect import StartReconnect
from domain.access import ProviderMisconfigured, ProviderUnavailable
from domain.incident import ReconnectLinkUnknown
from server.http.pages import page_response
from server.http.texts import UNKNOWN_RECONNECT, failure_page

LONGEST_TOKEN = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconnect:
    """Starts the sign-in for that very account and sends the browser there."""

    start_reconnect: StartReconnect

    async def get(self, request: web.Request) -> web.StreamResponse:
        token = request.match_info["token"]
        if len(token) > LONGEST_TOKEN:
            return page_response(UNKNOWN_RECONNECT)
        try:
            url = await self.start_reconnect(token)
        except ReconnectLinkUnknown:
            return page_response(UNKNOWN_RECONNECT)
        except (ProviderUnavailable, ProviderMisconfigured) as failure:
            return page_response(failure_page(failure))
        return web.Response(status=302, headers={"Location": url})
