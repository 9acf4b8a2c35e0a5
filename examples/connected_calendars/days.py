"""A week as the clock of a time zone shows it: seven days with the lengths they really have, and what lies in them.

Pure: no clock of its own, no calls. Instants are aware and come back in UTC, spans are half-open.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

T = TypeVar("T")

HOUR: Final = timedelta(hours=1)
FIRST_MONDAY: Final = date(1980, 1, 7)
LAST_MONDAY: Final = date(2199, 12, 16)
"""The weeks that the service can be asked about, with room for a zone's offset."""


class Mark(NamedTuple):
    """An instant of a day at which the clock shows a full hour."""

    at: datetime
    hour: int
    again: bool
    """The clock has shown this hour before on this day: it was put back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A date, and from when until when it lasts."""

    date: date
    zone: ZoneInfo
    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """24 hours, or what is left or added where the clock changes; none if the zone left this day out."""
        return self.end - self.start

    @property
    def marks(self) -> Sequence[Mark]:
        """Its full hours, in order. The first is not at its start where the clock skips midnight."""
        found: list[Mark] = []
        at = self.start
        while at < self.end:
            shown = at.astimezone(self.zone)
            past = timedelta(minutes=shown.minute, seconds=shown.second)
            if not past:
                found.append(Mark(at, shown.hour, any(one.hour == shown.hour for one in found)))
            at += HOUR - past
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece(Generic[T]):
    """The part of something that lies in a day, and where to draw it beside what overlaps it."""

    what: T
    start: datetime
    end: datetime
    lane: int
    lanes: int
    """How many stand side by side here; `lane` counts from 0."""


class _Part(NamedTuple, Generic[T]):
    start: datetime
    end: datetime
    what: T


def monday_of(day: date) -> date:
    """The first day of its week, within the weeks that the service can be asked about."""
    return min(max(day - timedelta(days=day.weekday()), FIRST_MONDAY), LAST_MONDAY)


def week_from(monday: date, zone: ZoneInfo) -> Sequence[Day]:
    """Seven days, each from its first instant to that of the next one."""
    dates = [monday + timedelta(days=number) for number in range(8)]
    begins = [_begin(one, zone) for one in dates]
    return [
        Day(date=dates[number], zone=zone, start=begins[number], end=begins[number + 1])
        for number in range(7)
    ]


def pieces_in(day: Day, things: Iterable[tuple[datetime, datetime, T]]) -> Sequence[Piece[T]]:
    """What of these things, each with its start and end, lies in a day: cut off at its ends, in order of start.

    Pieces that overlap, directly or by way of others, share the width: each has a lane, and no two that overlap have
    the same one.
    """
    clipped = (
        _Part(max(start.astimezone(UTC), day.start), min(end.astimezone(UTC), day.end), what)
        for start, end, what in things
    )
    parts = sorted(
        (part for part in clipped if part.start < part.end), key=lambda part: (part.start, day.end - part.end)
    )
    found: list[Piece[T]] = []
    for group in _groups(parts):
        found += _side_by_side(group)
    return found


def outside(
    spans: Iterable[tuple[datetime, datetime]], covers: Iterable[tuple[datetime, datetime]]
) -> Sequence[tuple[datetime, datetime]]:
    """What is left of spans where nothing covers them, in order. Neither need be disjoint."""
    cuts = sorted(covers)
    left: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        at = start
        for begin, until in cuts:
            if begin < end and until > at:
                left.append((at, begin))
                at = until
        left.append((at, end))
    return [(start, end) for start, end in left if start < end]


def _begin(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a date.

    Where the clock skips midnight, fold=0 reads it with the offset from before, which names the instant of the jump;
    where midnight comes twice, it names the first.
    """
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _groups(parts: Iterable[_Part[T]]) -> Iterable[list[_Part[T]]]:
    """Runs of parts without a gap between them."""
    group: list[_Part[T]] = []
    end = datetime.min.replace(tzinfo=UTC)
    for part in parts:
        if group and part.start >= end:
            yield group
            group = []
        end = max(end, part.end)
        group.append(part)
    if group:
        yield group


def _side_by_side(group: Sequence[_Part[T]]) -> Iterable[Piece[T]]:
    """Each in the first lane that is free at its start."""
    ends: list[datetime] = []
    lanes: list[int] = []
    for part in group:
        lane = next((number for number, end in enumerate(ends) if end <= part.start), len(ends))
        ends[lane : lane + 1] = [part.end]
        lanes.append(lane)
    return [
        Piece(what=part.what, start=part.start, end=part.end, lane=lane, lanes=len(ends))
        for part, lane in zip(group, lanes, strict=True)
    ]
