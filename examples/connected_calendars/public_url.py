"""Where browsers reach this page: without a path, and the way back from sign-ins."""

from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

PUBLIC_URL: Final = web.AppKey("public_url", str)
USUAL_PORTS: Final = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """As browsers write it: they leave the usual port out of what they ask for."""
    parts = urlsplit(url)
    host = parts.netloc.lower().removesuffix(f":{USUAL_PORTS.get(parts.scheme, '')}")
    return f"{parts.scheme}://{host}"
