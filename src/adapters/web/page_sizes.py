"""How many events are asked for at once, calendar by calendar.

For some calendars full pages never arrive: the provider takes too long for so many of their events, or the answer is
too large. Smaller pages work, so their size is remembered for a while.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from application.ports.clock import Clock

FEWEST = 50
REMEMBERED = timedelta(hours=1)
MOST_REMEMBERED = 10_000
"""Beyond that the oldest are forgotten: a full page asked for too early costs one more question."""


class _Size(NamedTuple):
    events: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSizes:
    """`most` is what is asked for unless a calendar is known to need less."""

    clock: Clock
    most: int
    _known: dict[str, _Size] = field(default_factory=dict)

    def of(self, calendar: str) -> int:
        known = self._known.get(calendar)
        if known is None or known.until <= self.clock.now():
            return self.most
        return known.events

    def halved(self, calendar: str, events: int) -> bool:
        """Ask for half as many from now on, as so many were too many; False where that would be too few."""
        if self.is_least(events):
            return False
        self._known.pop(calendar, None)
        while len(self._known) >= MOST_REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[calendar] = _Size(max(events // 2, FEWEST), self.clock.now() + REMEMBERED)
        return True

    def is_least(self, events: int) -> bool:
        return events <= FEWEST
