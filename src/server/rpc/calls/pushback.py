"""Tells gRPC's libraries when to repeat a call by themselves, or not to: gRFC A6, "Pushback".

RetryInfo says the same, and libraries don't read it: they would come back as soon as their own backoff lets them, and
would still be asking in vain when the caller's deadline passes, which then hides the reason.
"""

import random
from datetime import timedelta
from typing import Final

PUSHBACK: Final = "grpc-retry-pushback-ms"
DONT: Final = "-1"
"""Any negative number: what has failed is reported at once."""
PAUSE_SHARE: Final = 0.5
"""Of the time until the deadline: more than this spent waiting leaves too little for the call."""
LONGEST_PAUSE_SECONDS: Final = 30.0
"""Nobody is kept waiting for longer without knowing why, deadline or none."""
SPREAD: Final = 0.5
"""Libraries wait for exactly as long as they are told, so calls that failed together would come back together."""


def pushback(pause: timedelta, seconds_left: float | None) -> str:
    """Milliseconds, and no fewer than the pause; `seconds_left` is None where the caller has no deadline."""
    seconds = pause.total_seconds() * random.uniform(1, 1 + SPREAD)  # noqa: S311 - spreads only
    longest = LONGEST_PAUSE_SECONDS
    if seconds_left is not None:
        longest = min(longest, seconds_left * PAUSE_SHARE)
    return DONT if seconds > longest else str(round(seconds * 1000))
