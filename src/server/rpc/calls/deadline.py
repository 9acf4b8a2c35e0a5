"""Ends the work shortly before the caller's deadline, so that the caller still hears why."""

import asyncio
from typing import Final, cast

from server.rpc.calls import Context
from server.rpc.faults import DeadlineExceeded

LONGEST_MARGIN_SECONDS: Final = 0.1
"""Kept for the answer's way back."""
MARGIN_SHARE: Final = 0.1
"""The same, of short deadlines."""


def time_limit(context: Context) -> asyncio.Timeout:
    """For the block that does the work. A caller without a deadline waits as long as that takes.

    Streams have none: their deadline is when the caller wants them to end, so nothing has to be reported.
    """
    remaining = seconds_left(context)
    if remaining is None:
        return asyncio.timeout(None)
    return asyncio.timeout(remaining - _margin(remaining))


def end_of_parts(context: Context) -> float | None:
    """By the loop's clock, when the parts of a call that have failures of their own have to be done: earlier than all
    of it, so that what became of the others is still told. None: whenever they are."""
    remaining = seconds_left(context)
    if remaining is None:
        return None
    return asyncio.get_running_loop().time() + remaining - 2 * _margin(remaining)


def require_time_left(until: float | None) -> None:
    """Raises DeadlineExceeded for what would begin only then, by the loop's clock."""
    if until is not None and asyncio.get_running_loop().time() >= until:
        raise DeadlineExceeded


def what_ended(limit: asyncio.Timeout, error: Exception) -> Exception:
    """DeadlineExceeded for the limit's own error, else what was raised."""
    return DeadlineExceeded() if isinstance(error, TimeoutError) and limit.expired() else error


def seconds_left(context: Context) -> float | None:
    """Until the caller's deadline; None, which the stubs forget, when there is none."""
    return cast("float | None", context.time_remaining())


def _margin(remaining: float) -> float:
    return min(LONGEST_MARGIN_SECONDS, remaining * MARGIN_SHARE)
