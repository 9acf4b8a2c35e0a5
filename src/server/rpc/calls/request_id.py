"""The id that joins a call to its caller's own logs."""

import os
import re
from typing import Final

from server.rpc.calls import Context

REQUEST_ID: Final = "x-request-id"
SANE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id(context: Context) -> str:
    """The caller's when it is sane, else one that is made; it goes back in the trailing metadata."""
    chosen = _given(context) or os.urandom(16).hex()
    context.set_trailing_metadata(((REQUEST_ID, chosen),))
    return chosen


def _given(context: Context) -> str | None:
    for key, value in context.invocation_metadata() or ():
        if key == REQUEST_ID and isinstance(value, str) and SANE.fullmatch(value):
            return value
    return None
