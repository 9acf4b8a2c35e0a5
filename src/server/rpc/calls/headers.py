"""What is taken from the metadata that a call comes with, in one pass."""

import os
import re
from typing import Final, NamedTuple

from server.rpc.calls import Context

REQUEST_ID: Final = "x-request-id"
SANE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
AUTHORIZATION: Final = "authorization"
"""HTTP/2 has header names in small letters only, and the transport refuses others."""


class Headers(NamedTuple):
    """`request_id` joins the call to its caller's own logs; `authorization` has all headers of that name."""

    request_id: str
    authorization: tuple[object, ...]


def read_headers(context: Context) -> Headers:
    """The request id is the caller's when it is sane, else one that is made; it goes back in the trailing metadata."""
    chosen: str | None = None
    authorization: tuple[object, ...] = ()
    for key, value in context.invocation_metadata() or ():
        if key == AUTHORIZATION:
            authorization = (*authorization, value)
        elif key == REQUEST_ID and chosen is None and isinstance(value, str) and SANE.fullmatch(value):
            chosen = value
    if chosen is None:
        chosen = os.urandom(16).hex()
    context.set_trailing_metadata(((REQUEST_ID, chosen),))
    return Headers(chosen, authorization)
