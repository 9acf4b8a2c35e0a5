"""Deliveries without a notification of ours, in the log: counted, since whoever forges one may forge a million."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

APART: Final = timedelta(seconds=10)
"""Between two lines about them."""
log = structlog.stdlib.get_logger("server.http")


class ForgedDeliveries:
    """The first one after a quiet time has its line at once; the next line counts those that came since."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._quiet_until = -APART.total_seconds()
        self._deliveries = 0
        self._items = 0

    def add(self, *, items: int) -> None:
        self._deliveries += 1
        self._items += items
        if self._now() >= self._quiet_until:
            self.tell_the_rest()

    def tell_the_rest(self) -> None:
        """Those that no line has counted so far."""
        if self._deliveries:
            log.info("notifications", items=self._items, taken=0, deliveries=self._deliveries)
        self._deliveries = self._items = 0
        self._quiet_until = self._now() + APART.total_seconds()
