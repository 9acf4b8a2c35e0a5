"""Random valid series against an expander that shares no code with the reader."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.caldav.entries import ResourceReader
from domain.blocking import CalendarEntry, Instants
from domain.interval import Interval
from tests.support.series_by_hand import PlainRule, hits, instant_of

ZONES = [
    ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
]
BEGIN = datetime(2026, 2, 20, tzinfo=UTC)
DAYS = 270
FIRSTS = st.datetimes(datetime(2025, 3, 1), datetime(2026, 10, 1)).map(  # noqa: DTZ001 - wall clocks
    lambda at: at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A series, which of its occurrences are left out, and which are moved by how much."""

    first: datetime
    zone: ZoneInfo
    length: timedelta
    rule: PlainRule
    times: list[datetime]
    without: frozenset[int]
    moved: dict[int, timedelta]
    in_utc: bool
    window: Interval

    def expected(self) -> list[tuple[datetime, datetime]]:
        times = []
        for number, at in enumerate(self.times):
            if number in self.moved:
                times.append(at + self.moved[number])
            elif number not in self.without:
                times.append(at)
        placed = ((instant_of(at, self.zone), instant_of(at + self.length, self.zone)) for at in times)
        longer = ((start, end if end > start else start + self.length) for start, end in placed)
        return sorted(set(touching(longer, self.window)))

    def text(self) -> str:
        name = self.zone.key
        rule = self.rule.text()
        if self.rule.until is not None:
            rule = rule.replace(_wall(self.rule.until), _utc(self.rule.until, self.zone))
        lines = [
            "BEGIN:VCALENDAR",
            "BEGIN:VEVENT",
            "UID:random",
            f"DTSTART;TZID={name}:{_wall(self.first)}",
            f"DTEND;TZID={name}:{_wall(self.first + self.length)}",
            f"RRULE:{rule}",
        ]
        without = (self.times[number] for number in self.without if number < len(self.times))
        lines += [*(f"EXDATE{self._written(at)}" for at in without), "END:VEVENT"]
        for number, shift in self.moved.items():
            if number < len(self.times):
                start = self.times[number] + shift
                lines += [
                    "BEGIN:VEVENT",
                    "UID:random",
                    f"RECURRENCE-ID{self._written(self.times[number])}",
                    f"DTSTART;TZID={name}:{_wall(start)}",
                    f"DTEND;TZID={name}:{_wall(start + self.length)}",
                    "END:VEVENT",
                ]
        return "\r\n".join([*lines, "END:VCALENDAR", ""])

    def _written(self, at: datetime) -> str:
        return f":{_utc(at, self.zone)}" if self.in_utc else f";TZID={self.zone.key}:{_wall(at)}"


def touching(
    times: Iterable[tuple[datetime, datetime]], window: Interval
) -> Iterator[tuple[datetime, datetime]]:
    return ((start, end) for start, end in times if start < window.end and end > window.start)


def _wall(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%S}"


def _utc(at: datetime, zone: ZoneInfo) -> str:
    return f"{instant_of(at, zone):%Y%m%dT%H%M%SZ}"


def _some(values: st.SearchStrategy[int], most: int = 3) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(values, max_size=most, unique=True).map(lambda them: tuple(sorted(them)))


@st.composite
def rules(draw: st.DrawFn, first: datetime) -> PlainRule:
    frequency = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"]))
    nth = st.sampled_from([0, 0, 1, 2, 4, -1, -2]) if frequency in ("YEARLY", "MONTHLY") else st.just(0)
    end = draw(st.sampled_from(["never", "count", "until"]))
    rule = PlainRule(
        frequency=frequency,
        interval=draw(st.integers(5, 50) if frequency == "HOURLY" else st.integers(1, 4)),
        count=draw(st.integers(1, 60)) if end == "count" else None,
        until=first + timedelta(days=draw(st.integers(0, 1200))) if end == "until" else None,
        week_start=draw(st.integers(0, 6)),
        months=draw(_some(st.integers(1, 12))) if draw(st.booleans()) else (),
        month_days=draw(_some(st.integers(-31, 31).filter(bool))) if frequency != "WEEKLY" else (),
        year_days=draw(_some(st.integers(-366, 366).filter(bool))) if frequency == "YEARLY" else (),
        week_days=tuple(draw(st.lists(st.tuples(st.integers(0, 6), nth), max_size=3, unique=True))),
        hours=draw(_some(st.integers(0, 23), 2)),
    )
    if frequency != "HOURLY" and (rule.month_days or rule.week_days or rule.hours):
        rule = replace(rule, positions=draw(_some(st.integers(-4, 4).filter(bool), 2)))
    return rule


@st.composite
def windows(draw: st.DrawFn) -> Interval:
    """Mostly long ones, in which more happens."""
    since = draw(st.integers(0, DAYS - 1))
    until = draw(st.just(DAYS) | st.integers(since + 1, DAYS))
    return Interval(BEGIN + timedelta(days=since), BEGIN + timedelta(days=until))


@st.composite
def series(draw: st.DrawFn) -> Drawn:
    first, zone = draw(FIRSTS), draw(st.sampled_from(ZONES))
    rule = draw(rules(first))
    without = draw(st.frozensets(st.integers(0, 30), max_size=4))
    hours = st.integers(-40, 40).map(lambda number: timedelta(hours=number))
    return Drawn(
        first=first,
        zone=zone,
        length=draw(st.sampled_from([15, 60, 600, 3000])) * timedelta(minutes=1),
        rule=rule,
        times=_times_of(rule, first, zone),
        without=without,
        moved={
            number: shift
            for number, shift in draw(st.dictionaries(st.integers(0, 30), hours, max_size=3)).items()
            if number not in without
        },
        in_utc=draw(st.booleans()),
        window=draw(windows()),
    )


def _times_of(rule: PlainRule, first: datetime, zone: ZoneInfo) -> list[datetime]:
    """The first belongs to them. Where clocks skip an hour, two wall-clock times may be the same instant."""
    walls = sorted({first, *hits(rule, first, date(2026, 12, 1))}, reverse=True)
    return sorted({instant_of(at, zone): at for at in walls}.values())


@settings(max_examples=100, deadline=None)
@given(series())
def test_agrees_with_the_one_worked_out_day_by_day(drawn: Drawn) -> None:
    read = ResourceReader(window=drawn.window).entries(drawn.text(), "x.ics", lambda _uid: None)

    assert not read.odd
    assert sorted(touching({_times(entry) for entry in read.entries}, drawn.window)) == drawn.expected()


def _times(entry: CalendarEntry) -> tuple[datetime, datetime]:
    assert isinstance(entry.when, Instants)
    return entry.when.start, entry.when.end
