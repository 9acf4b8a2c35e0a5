"""Time around a booking that must be free as well, and is no part of it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from domain.interval import Interval
from domain.spans import MICROSECOND, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffers:
    before: timedelta = timedelta()
    after: timedelta = timedelta()

    def around(self, interval: Interval) -> Interval:
        """All that must be free."""
        return Interval(interval.start - self.before, interval.end + self.after)

    def around_span(self, span: Span) -> Span:
        start, end = span
        return start - self.before // MICROSECOND, end + self.after // MICROSECOND


NO_BUFFERS: Final = Buffers()
