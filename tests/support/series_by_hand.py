"""Series worked out day by day, slowly and plainly: to hold the reader of iCalendar against. No library helps."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainRule:
    """A rule in numbers. Days of the week count from Monday, 0; `nth` goes with each: 0 for every one."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    week_start: int = 0
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    week_days: tuple[tuple[int, int], ...] = ()
    hours: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()

    def text(self) -> str:
        """As RFC 5545 writes it; `until` as a time without a zone."""
        names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
        parts = [f"FREQ={self.frequency}", f"INTERVAL={self.interval}", f"WKST={names[self.week_start]}"]
        parts += [f"COUNT={self.count}"] if self.count is not None else []
        parts += [f"UNTIL={self.until:%Y%m%dT%H%M%S}"] if self.until is not None else []
        numbers = {
            "BYMONTH": self.months,
            "BYMONTHDAY": self.month_days,
            "BYYEARDAY": self.year_days,
            "BYHOUR": self.hours,
            "BYSETPOS": self.positions,
        }
        parts += [f"{name}={','.join(map(str, values))}" for name, values in numbers.items() if values]
        days = [f"{nth or ''}{names[day]}" for day, nth in self.week_days]
        return ";".join([*parts, *([f"BYDAY={','.join(days)}"] if days else [])])


def hits(rule: PlainRule, first: datetime, last: date) -> list[datetime]:
    """The wall-clock times of the rule from `first` up to the end of `last`, in order."""
    found: list[datetime] = []
    hourly = rule.frequency == "HOURLY"
    for times in _hours(rule, first, last) if hourly else _sets(rule, first, last):
        for at in _chosen(times, rule.positions):
            if at < first or (rule.until is not None and at > rule.until):
                continue
            if rule.count is None or len(found) < rule.count:
                found.append(at)
    return [at for at in found if at.date() <= last]


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which clocks show this; where they skip it, by the offset from before."""
    near = [(wall + hours * timedelta(hours=1)).replace(tzinfo=UTC) for hours in (-36, 36)]
    offsets = [at.astimezone(zone).utcoffset() or timedelta() for at in near]
    candidates = sorted((wall - offset).replace(tzinfo=UTC) for offset in set(offsets))
    shown = [at for at in candidates if at.astimezone(zone).replace(tzinfo=None) == wall]
    return shown[0] if shown else (wall - offsets[0]).replace(tzinfo=UTC)


def _hours(rule: PlainRule, first: datetime, last: date) -> Iterator[list[datetime]]:
    """One by one, on a clock that never changes."""
    at = first
    while at.date() <= last:
        if (not rule.hours or at.hour in rule.hours) and _is_hit(rule, first, at.date()):
            yield [at]
        at += rule.interval * timedelta(hours=1)


def _sets(rule: PlainRule, first: datetime, last: date) -> Iterator[list[datetime]]:
    """What each of the rule's periods holds, the first and the last of them whole."""
    day = first.date() - timedelta(days=first.timetuple().tm_yday + 7)
    begin, period, held = _period(rule, first.date()), None, list[datetime]()
    times = [time(hour, first.minute, first.second) for hour in rule.hours or (first.hour,)]
    while day <= last + timedelta(days=400):
        if _period(rule, day) != period:
            yield sorted(held)
            period, held = _period(rule, day), []
        if (period - begin) % rule.interval == 0 and _is_hit(rule, first, day):
            held += [datetime.combine(day, at) for at in times]
        day += DAY
    yield sorted(held)


def _period(rule: PlainRule, day: date) -> int:
    match rule.frequency:
        case "YEARLY":
            return day.year
        case "MONTHLY":
            return day.year * 12 + day.month
        case "WEEKLY":
            return (day.toordinal() - 1 - rule.week_start) // 7
        case _:
            return day.toordinal()


def _is_hit(rule: PlainRule, first: datetime, day: date) -> bool:
    if rule.months and day.month not in rule.months:
        return False
    if not (rule.month_days or rule.year_days or rule.week_days):
        return _is_like_the_first(rule, first, day)
    return (
        (not rule.month_days or bool({day.day, day.day - _days_of_month(day) - 1} & set(rule.month_days)))
        and (
            not rule.year_days
            or bool({_of_year(day), _of_year(day) - _days_of_year(day) - 1} & set(rule.year_days))
        )
        and (not rule.week_days or any(_is_weekday(rule, day, *wanted) for wanted in rule.week_days))
    )


def _is_like_the_first(rule: PlainRule, first: datetime, day: date) -> bool:
    match rule.frequency:
        case "YEARLY":
            return day.day == first.day and (bool(rule.months) or day.month == first.month)
        case "MONTHLY":
            return day.day == first.day
        case "WEEKLY":
            return day.weekday() == first.weekday()
        case _:
            return True


def _is_weekday(rule: PlainRule, day: date, week_day: int, nth: int) -> bool:
    if day.weekday() != week_day:
        return False
    if not nth or rule.frequency not in ("YEARLY", "MONTHLY"):
        return True
    in_year = rule.frequency == "YEARLY" and not rule.months
    at, of = (_of_year(day), _days_of_year(day)) if in_year else (day.day, _days_of_month(day))
    return nth == ((at - 1) // 7 + 1 if nth > 0 else -((of - at) // 7 + 1))


def _chosen(times: list[datetime], positions: tuple[int, ...]) -> list[datetime]:
    if not positions:
        return times
    return [at for place, at in enumerate(times, 1) if {place, place - len(times) - 1} & set(positions)]


def _of_year(day: date) -> int:
    return day.timetuple().tm_yday


def _days_of_year(day: date) -> int:
    return _of_year(date(day.year, 12, 31))


def _days_of_month(day: date) -> int:
    return (date(day.year + day.month // 12, day.month % 12 + 1, 1) - DAY).day
