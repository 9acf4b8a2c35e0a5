"""The dates of a series, from Graph's recurrence pattern and range."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count, islice, takewhile
from typing import Literal

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
INDEXES = ("first", "second", "third", "fourth", "last")

Kind = Literal["daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"]
KINDS: tuple[Kind, ...] = (
    "daily",
    "weekly",
    "absoluteMonthly",
    "relativeMonthly",
    "absoluteYearly",
    "relativeYearly",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """One recurrence: Graph's patternedRecurrence with its pattern and its range in one value.

    `days` are weekday names in lower case; `until` is the last date on which an occurrence may start,
    `occurrences` their number; with neither the series never ends. `zone` is the range's own zone name
    (None: that of the event). Source: resources/recurrencepattern and recurrencerange of Graph v1.0.
    """

    kind: Kind
    interval: int = 1
    days: tuple[str, ...] = ()
    day_of_month: int = 0
    month: int = 0
    index: str = "first"
    first_day_of_week: str = "sunday"
    starts: date | None = None
    until: date | None = None
    occurrences: int | None = None
    zone: str | None = None

    def dates(self, first: date) -> Iterator[date]:
        """Start dates in order, from `starts` (or `first`) on; endless when the range is."""
        begin = self.starts or first
        found: Iterator[date] = (day for day in self._candidates(begin) if day >= begin)
        if self.until is not None:
            last = self.until
            found = takewhile(lambda day: day <= last, found)
        return found if self.occurrences is None else islice(found, self.occurrences)

    def _candidates(self, begin: date) -> Iterator[date]:
        match self.kind:
            case "daily":
                return _steps(begin, self.interval)
            case "weekly":
                return self._weekly(begin)
            case "absoluteMonthly" | "relativeMonthly":
                return self._in_months(_months(begin.year, begin.month, self.interval), begin)
            case "absoluteYearly" | "relativeYearly":
                month = self.month or begin.month
                return self._in_months(_months(begin.year, month, 12 * self.interval), begin)

    def _weekly(self, begin: date) -> Iterator[date]:
        week_start = WEEKDAYS.index(self.first_day_of_week)
        monday_based = [WEEKDAYS.index(day) for day in self.days] or [begin.weekday()]
        offsets = sorted((day - week_start) % 7 for day in monday_based)
        first_week = begin - timedelta(days=(begin.weekday() - week_start) % 7)
        for week in _steps(first_week, 7 * self.interval):
            for offset in offsets:
                if week.toordinal() + offset > date.max.toordinal():
                    return
                yield week + timedelta(days=offset)

    def _in_months(self, months: Iterator[tuple[int, int]], begin: date) -> Iterator[date]:
        for year, month in months:
            if self.kind.startswith("absolute"):
                yield _day_of_month(year, month, self.day_of_month or begin.day)
            else:
                yield self._by_index(year, month, begin)

    def _by_index(self, year: int, month: int, begin: date) -> date:
        wanted = {WEEKDAYS.index(day) for day in self.days} or {begin.weekday()}
        length = calendar.monthrange(year, month)[1]
        matching = [
            day for number in range(1, length + 1) if (day := date(year, month, number)).weekday() in wanted
        ]
        return matching[-1] if self.index == "last" else matching[INDEXES.index(self.index)]


def _steps(begin: date, days: int) -> Iterator[date]:
    for ordinal in range(begin.toordinal(), date.max.toordinal() + 1, days):
        yield date.fromordinal(ordinal)


def _months(year: int, month: int, step: int) -> Iterator[tuple[int, int]]:
    for number in count(year * 12 + month - 1, step):
        if number // 12 > date.max.year:
            return
        yield number // 12, number % 12 + 1


def _day_of_month(year: int, month: int, day: int) -> date:
    # Outlook takes the last day of a month that is too short, where iCalendar would leave the month out.
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))
