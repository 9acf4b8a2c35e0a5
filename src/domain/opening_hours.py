"""When experts want to be booked: hours of each weekday, and other hours on some dates, by the clock on their wall."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from domain.local_days import Stretch
from domain.spans import Span, Spans


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningHours:
    """Spans are microseconds since midnight as the clock shows them, up to 24 hours. Monday is 0.

    A weekday without spans is closed, and so is a date with none; a date that is named has no other hours than those.
    """

    weekdays: Mapping[int, Sequence[Span]]
    dates: Mapping[date, Sequence[Span]]

    def of(self, day: date) -> Sequence[Span]:
        exception = self.dates.get(day)
        return self.weekdays.get(day.weekday(), ()) if exception is None else exception


def open_time(hours: OpeningHours, stretches: Iterable[Stretch]) -> Spans:
    """All instants of the stretches at which the clock shows a time inside the hours of its date.

    So an hour that the clock skips is not there, and one that it shows twice is open twice. Hours that end at midnight
    and those that begin there are one.
    """
    starts, ends = [], []
    for stretch in stretches:
        for opens, closes in hours.of(stretch.day):
            start, end = (
                max(stretch.midnight + opens, stretch.start),
                min(stretch.midnight + closes, stretch.end),
            )
            if start < end:
                starts.append(start)
                ends.append(end)
    return Spans.between(starts, ends)
