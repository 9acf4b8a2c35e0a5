"""Connections that didn't end as they should, in the log: counted, since whoever opens one may open a million."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from typing import Final

import structlog

APART: Final = timedelta(minutes=1)
"""Between two lines about them."""
log = structlog.stdlib.get_logger("server.http")


class Why(Enum):
    """What a line of the log calls it."""

    SLOW_HEAD = "slow_head"
    SLOW_BODY = "slow_body"
    SLOW_READER = "slow_reader"
    LARGE_HEAD = "large_head"
    DISPLACED = "displaced"
    """Had to make room for somebody while a request or its answer was under way."""
    REFUSED = "refused"
    """All places were taken by requests that are being answered."""
    TOO_MANY = "too_many"
    """A request of a trusted proxy's client that had too many under way already."""
    NO_FILES = "no_files"
    """The system had no room for another connection."""


class CutOffs:
    """The first one after a quiet time has its line at once; the next line counts those that came since."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._quiet_until = float("-inf")
        self._untold: Counter[Why] = Counter()
        self.totals: Counter[Why] = Counter()

    def add(self, why: Why) -> None:
        self._untold[why] += 1
        self.totals[why] += 1
        if self._now() >= self._quiet_until:
            self.tell_the_rest()

    def by_reason(self) -> dict[str, int]:
        """How often each reason there is was met so far."""
        return {why.value: self.totals[why] for why in Why}

    def tell_the_rest(self) -> None:
        """Those that no line has counted so far."""
        if self._untold:
            log.warning("connections cut off", **{why.value: times for why, times in self._untold.items()})
        self._untold.clear()
        self._quiet_until = self._now() + APART.total_seconds()
