"""What programs are asked to leave alone: everything but the addresses for notifications.

Google obeys this file before it delivers a notification, and reads the lines of its own agent for that
(developers.google.com, "APIs-Google").
"""

from typing import Final

from aiohttp import web

from server.http.links import NOTIFICATIONS_ROOT

ROBOTS: Final = f"User-agent: APIs-Google\nUser-agent: *\nAllow: {NOTIFICATIONS_ROOT}\nDisallow: /\n"


async def robots(_request: web.Request) -> web.StreamResponse:
    return web.Response(text=ROBOTS)
