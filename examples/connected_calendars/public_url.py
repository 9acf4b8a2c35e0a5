"""Where browsers reach this page: without a path, and the way back from sign-ins."""

from typing import Final

from aiohttp import web

PUBLIC_URL: Final = web.AppKey("public_url", str)
