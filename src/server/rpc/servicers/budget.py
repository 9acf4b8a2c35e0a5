"""How long a call may spend on looking at providers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from server.rpc.calls.deadline import seconds_left
from server.rpc.servicers import Context

LONGEST_MARGIN_SECONDS: Final = 0.5
"""Kept of the caller's deadline for all but the reading."""
MARGIN_SHARE: Final = 0.2
"""The same, of short deadlines."""
SHORTEST_SECONDS: Final = 0.2
"""That a part of a call may look at providers; most answer within it."""


@dataclass(frozen=True, slots=True)
class ReadBudget:
    """`longest` is how long providers may take together; a caller with a nearer deadline gets what was read by then,
    and hears what was not."""

    longest: timedelta

    def of(self, context: Context) -> timedelta:
        remaining = seconds_left(context)
        if remaining is None:
            return self.longest
        return min(self.longest, timedelta(seconds=remaining - _margin(remaining)))

    def of_parts(self, context: Context) -> Callable[[], timedelta]:
        """The same of each part of a call, to be asked when it begins. What is kept of the deadline is kept by all of
        them together: it is for what is left to do when no provider is waited for any more. Who would have less than
        a look takes has nothing."""
        remaining = seconds_left(context)
        if remaining is None:
            return lambda: self.longest
        clock = asyncio.get_running_loop().time
        until = clock() + remaining - 2 * _margin(remaining)

        def left() -> timedelta:
            seconds = until - clock()
            return min(self.longest, timedelta(seconds=seconds if seconds >= SHORTEST_SECONDS else 0))

        return left


def _margin(remaining: float) -> float:
    return min(LONGEST_MARGIN_SECONDS, remaining * MARGIN_SHARE)
