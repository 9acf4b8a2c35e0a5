"""Ends the work shortly before the caller's deadline, so that the caller still hears why."""

import asyncio
from typing import Any, Final

from server.rpc.faults import DeadlineExceeded
from server.rpc.interceptors.interceptor import Context, Interceptor, Proceed, seconds_left

LONGEST_MARGIN_SECONDS: Final = 0.1
"""Kept for the answer's way back."""
MARGIN_SHARE: Final = 0.1
"""The same, of short deadlines."""


class Deadline(Interceptor):
    """A caller without a deadline waits as long as the work takes. A stream's deadline is when its caller wants it to
    end, so nothing has to be reported."""

    async def stream(self, proceed: Proceed, request: Any, context: Context, method: str) -> None:
        await proceed(request, context)

    async def call(self, proceed: Proceed, request: Any, context: Context, method: str) -> Any:
        remaining = seconds_left(context)
        if remaining is None:
            return await proceed(request, context)
        timeout = asyncio.timeout(remaining - min(LONGEST_MARGIN_SECONDS, remaining * MARGIN_SHARE))
        try:
            async with timeout:
                return await proceed(request, context)
        except TimeoutError:
            if timeout.expired():
                raise DeadlineExceeded from None
            raise
