"""Recurrence rules (RFC 5545, 3.3.10) stepped on a wall clock, with an end to the work.

The stepping is python-dateutil's. Three things are done around it: a rule without COUNT begins shortly before the
stretch that is asked for and not years ago; COUNT is counted here, so that the first week may be stepped as a whole;
and the steps are counted, because a rule that hits nothing would go on to the year 9999.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Self

from dateutil import rrule

from adapters.caldav.moments import Odd
from adapters.caldav.work import Work

MOST_STEPS: Final = 200_000
"""A rule that needs more is odd: they take up to a second. Those through months and years count for several."""
MOST_TIMES_A_DAY: Final = 1_440

Frequency = Literal[0, 1, 2, 3, 4, 5, 6]

_FREQUENCIES: Final[Mapping[str, Frequency]] = {
    "YEARLY": rrule.YEARLY,
    "MONTHLY": rrule.MONTHLY,
    "WEEKLY": rrule.WEEKLY,
    "DAILY": rrule.DAILY,
    "HOURLY": rrule.HOURLY,
    "MINUTELY": rrule.MINUTELY,
    "SECONDLY": rrule.SECONDLY,
}
_PERIODS: Final[Mapping[int, timedelta]] = {
    rrule.YEARLY: timedelta(days=365),
    rrule.MONTHLY: timedelta(days=28),
    rrule.WEEKLY: timedelta(weeks=1),
    rrule.DAILY: timedelta(days=1),
    rrule.HOURLY: timedelta(hours=1),
    rrule.MINUTELY: timedelta(minutes=1),
    rrule.SECONDLY: timedelta(seconds=1),
}
"""The shortest each can be."""
_WEIGHTS: Final[Mapping[int, int]] = {rrule.YEARLY: 15, rrule.MONTHLY: 2}
"""Of a step: how much longer it takes than through a day."""
_WEIGHT_OF_A_POSITION: Final[Mapping[int, int]] = {rrule.YEARLY: 3}
"""What each number of BYSETPOS adds, where it isn't one."""
_NUMBERS: Final[Mapping[str, tuple[int, int, bool]]] = {
    "BYMONTH": (1, 12, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYSETPOS": (1, 366, True),
    "BYHOUR": (0, 23, False),
    "BYMINUTE": (0, 59, False),
    "BYSECOND": (0, 60, False),
}
"""The least and the largest number, and whether they are also counted from the end."""
_DAYS: Final = {
    "MO": rrule.MO,
    "TU": rrule.TU,
    "WE": rrule.WE,
    "TH": rrule.TH,
    "FR": rrule.FR,
    "SA": rrule.SA,
    "SU": rrule.SU,
}
_KEYWORDS: Final = {"BYDAY": "byweekday"}
_DAY: Final = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,7}")
_WHICH_DAYS: Final = frozenset({"BYMONTHDAY", "BYYEARDAY", "BYDAY"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`until` as it is written. `by` are the BY parts as dateutil takes them."""

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: str | None = None
    week_start: int = 0
    by: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


def rule_from(text: str) -> Rule:
    """Raises Odd, also for parts nobody knows: what they take away or add can't be told."""
    parts = _parts(text.upper())
    frequency = _FREQUENCIES.get(parts.pop("FREQ", ""))
    if frequency is None or ("COUNT" in parts and "UNTIL" in parts):
        raise Odd
    # The calendar everybody uses, and the way of treating 31 February that it has always had (RFC 7529).
    if parts.pop("RSCALE", "GREGORIAN") != "GREGORIAN" or parts.pop("SKIP", "OMIT") != "OMIT":
        raise Odd
    interval = _number(parts.pop("INTERVAL", "1"), 1, 999_999)
    count = _number(parts.pop("COUNT"), 1, 9_999_999) if "COUNT" in parts else None
    until = parts.pop("UNTIL", None)
    week_start = parts.pop("WKST", "MO")
    if week_start not in _DAYS:
        raise Odd
    by = {name: _by(name, value.split(",")) for name, value in parts.items()}
    if frequency in (rrule.MINUTELY, rrule.SECONDLY) and "BYSETPOS" in by:
        raise Odd  # each minute would be looked at as a set of its own
    if math.prod(len(by.get(name, " ")) for name in ("BYHOUR", "BYMINUTE", "BYSECOND")) > MOST_TIMES_A_DAY:
        raise Odd
    return Rule(
        frequency=frequency,
        interval=interval,
        count=count,
        until=until,
        week_start=_DAYS[week_start].weekday,
        by=by,
    )


def starts(
    rule: Rule, first: datetime, until: datetime, after: datetime, before: datetime, work: Work
) -> Iterator[datetime]:
    """The wall-clock times the rule hits, from `first` on to `until`, as far as they lie between `after` and `before`.

    Both ends belong to it. In order. Raises Odd where that takes too much work, or more than is left of `work`.
    """
    last = min(until, before)
    begin = _begin(rule, first, after)
    if last < begin:
        return
    needed = (last - begin) // (_PERIODS[rule.frequency] * rule.interval) + 2
    weight = _weight(rule)
    if needed * weight > MOST_STEPS:
        raise Odd
    left = rule.count
    for number, hit in enumerate(_hits(rule, begin, first, _Interval(rule.interval, needed, weight, work))):
        if number > MOST_STEPS:
            raise Odd
        work.spend(1)
        if hit < first:
            continue
        if hit > last or left == 0:
            return
        if left is not None:
            left -= 1
        if hit >= after:
            yield hit


def _weight(rule: Rule) -> int:
    """Of a step."""
    positions = len(rule.by.get("BYSETPOS", ()))
    return _WEIGHTS.get(rule.frequency, 1) + positions * _WEIGHT_OF_A_POSITION.get(rule.frequency, 1)


class _Interval(int):
    """An interval that says when it was stepped by often enough; dateutil has no end to rules that hit nothing."""

    _left: int
    _weight: int
    _work: Work

    def __new__(cls, interval: int, steps: int, weight: int, work: Work) -> Self:
        made = super().__new__(cls, interval)
        made._left, made._weight, made._work = steps, weight, work
        return made

    def __radd__(self, other: int) -> int:
        self._spend()
        return other + int(self)

    def __mul__(self, other: int) -> int:
        self._spend()
        return int(self) * other

    def __rfloordiv__(self, other: int) -> int:
        """How hours and minutes skip the rest of a day that no part of the rule names."""
        skipped = other // int(self)
        self._spend(skipped)
        return skipped

    def _spend(self, steps: int = 1) -> None:
        """Skipped ones cost next to nothing."""
        self._left -= steps
        if self._left < 0:
            raise _Past
        self._work.spend(self._weight)


class _Past(Exception):
    """What is asked for lies behind us."""


def _hits(rule: Rule, begin: datetime, first: datetime, interval: _Interval) -> Iterator[datetime]:
    by: dict[str, Any] = {
        _KEYWORDS.get(name, name.lower()): values for name, values in _completed(rule, first).items()
    }
    try:
        yield from rrule.rrule(rule.frequency, begin, interval=interval, wkst=rule.week_start, **by)
    except (_Past, ValueError):
        return  # dateutil raises ValueError for what can never be hit, such as every other hour at an odd one
    except (TypeError, IndexError):
        raise Odd from None  # such as the tenth Monday of a month


def _begin(rule: Rule, first: datetime, after: datetime) -> datetime:
    """Where to begin stepping: whole intervals after `first`, if nothing has to be counted; weeks at their start."""
    begin = first
    if rule.frequency == rrule.WEEKLY:
        begin -= timedelta(days=(first.weekday() - rule.week_start) % 7)
    if rule.count is not None or rule.frequency in (rrule.YEARLY, rrule.MONTHLY) or after <= begin:
        return begin
    stride = _PERIODS[rule.frequency] * rule.interval
    return begin + max((after - begin) // stride - 1, 0) * stride


def _completed(rule: Rule, first: datetime) -> Mapping[str, tuple[Any, ...]]:
    """What the rule leaves open is as in the first occurrence; and two readings of dateutil's put right."""
    by = dict(rule.by)
    if rule.frequency == rrule.WEEKLY:
        by.setdefault("BYDAY", (first.weekday(),))
    if "BYWEEKNO" in by and not _WHICH_DAYS & by.keys():
        by["BYDAY"] = (first.weekday(),)  # dateutil takes all days of such weeks
    elif rule.frequency in (rrule.YEARLY, rrule.MONTHLY) and "BYDAY" in by:
        within_a_month = rule.frequency == rrule.MONTHLY or "BYMONTH" in by
        by["BYDAY"] = _one_kind(by["BYDAY"], 5 if within_a_month else 53)
    return by


def _one_kind(days: tuple[Any, ...], most: int) -> tuple[Any, ...]:
    """Of every Monday and the first Friday dateutil takes none but Mondays that are first Fridays."""
    if len({day.n is None for day in days}) == 1:
        return days
    return tuple(each for day in days for each in ([day] if day.n else [day(n) for n in range(1, most + 1)]))


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.strip().partition("=")
        if not equals and not name:
            continue
        if not equals or name in parts:
            raise Odd
        parts[name.strip()] = value.strip()
    return parts


def _by(name: str, values: list[str]) -> tuple[Any, ...]:
    if name == "BYDAY":
        # Each once: they are multiplied later, and there may be as many as a line holds.
        return tuple(dict.fromkeys(_day(value.strip()) for value in values))
    if name not in _NUMBERS:
        raise Odd
    least, largest, from_end = _NUMBERS[name]
    numbers = {_number(value.strip(), -largest if from_end else least, largest) for value in values}
    if from_end and 0 in numbers:
        raise Odd
    if name == "BYSECOND":
        numbers = {min(number, 59) for number in numbers}
    return tuple(sorted(numbers))


def _day(text: str) -> Any:
    found = _DAY.fullmatch(text)
    if found is None:
        raise Odd
    day = _DAYS[found[2]]
    if found[1] is None:
        return day
    which = int(found[1])
    if which == 0 or abs(which) > 53:
        raise Odd
    return day(which)


def _number(text: str, least: int, largest: int) -> int:
    if _NUMBER.fullmatch(text) is None or not least <= int(text) <= largest:
        raise Odd
    return int(text)
