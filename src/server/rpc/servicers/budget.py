"""How long a call may spend on looking at providers."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from server.rpc.calls.deadline import seconds_left
from server.rpc.servicers import Context

LONGEST_MARGIN_SECONDS: Final = 0.5
"""Kept of the caller's deadline for all but the reading."""
MARGIN_SHARE: Final = 0.2
"""The same, of short deadlines."""


@dataclass(frozen=True, slots=True)
class ReadBudget:
    """`longest` is how long providers may take together; a caller with a nearer deadline gets what was read by then,
    and hears what was not."""

    longest: timedelta

    def of(self, context: Context) -> timedelta:
        remaining = seconds_left(context)
        if remaining is None:
            return self.longest
        margin = min(LONGEST_MARGIN_SECONDS, remaining * MARGIN_SHARE)
        return min(self.longest, timedelta(seconds=remaining - margin))
