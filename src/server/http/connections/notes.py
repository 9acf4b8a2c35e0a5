"""What a connection and those who handle its requests tell each other."""

from collections.abc import Hashable
from typing import Final

from aiohttp import web

HUNG_UP: Final = 499
"""The status in the log, as in other servers, of a request whose sender left before it had arrived completely."""
WAITED_SECONDS: Final = web.RequestKey("waited_seconds", float)
"""Of a request: how long it waited for its turn."""
CLIENT: Final = web.RequestKey("client", Hashable)
"""Of a request: whose it is, as far as limits go, by its address; not there where nobody knows."""
COUNTED: Final = web.RequestKey("counted", bool)
"""Of a request that has no line of its own in the log, since it is counted in another."""


def has_gone(request: web.BaseRequest) -> bool:
    """Whether there is nobody to answer any more: they hung up, or were cut off and the connection is being closed."""
    transport = request.transport
    return transport is None or transport.is_closing()


class BodyTooSlow(web.RequestPayloadError):
    """Whoever reads a request's body gets this once it should have been here."""
