"""Stored readings: how far they reach, how long they count, and what a new one changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.availability import BookedTime
from domain.ids import AccountId, CalendarId, ExpertId, SessionId
from domain.interval import Interval
from domain.spans import Spans

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=30)
LONGEST_LOOK = timedelta(seconds=90)
"""More than the fullest calendar takes; who asked has their own, shorter limit."""
LEEWAY = timedelta(seconds=1)
"""How far apart processes may be in what they think the time is, though all go by one clock."""
LEASE = timedelta(minutes=2)
"""How long a calendar that is being read is nobody else's business: longer than the longest look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReading:
    """The last look at a conflict calendar, over a window, kept as one value.

    `zone` is the name of the expert's time zone then: all-day entries block the days of that zone and no other.
    """

    calendar_id: CalendarId
    window: Interval
    read_at: datetime
    busy: Spans
    zone: str

    def counts(self, asked: Interval, *, not_before: datetime, now: datetime, zone: str) -> bool:
        """Whether it is young enough, reaches over all that is asked, and was made for the zone the expert lives in.

        One from the future, but for the leeway, was told by a clock that was wrong, and may be of any age.
        """
        return not_before <= self.read_at <= now + LEEWAY and self.window.holds(asked) and self.zone == zone


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingTask:
    """What is to be read, and the marks that had come for it when reading began: later ones ask for another look."""

    calendar_id: CalendarId
    account_id: AccountId
    expert_id: ExpertId
    remote_calendar_id: str
    zone: str
    marks: int
    failures: int
    previous: StoredReading | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How far ahead calendars are read, and how often: rarely where notifications tell of changes."""

    days_ahead: int = 120
    polled_every: timedelta = timedelta(minutes=5)
    polled_with_push_every: timedelta = timedelta(minutes=13)

    def window(self, now: datetime) -> Interval:
        """From yesterday's beginning, in UTC, to the end of the last day ahead: it moves on once a day."""
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return Interval(today - timedelta(days=1), today + timedelta(days=self.days_ahead + 1))

    def next_due(self, now: datetime, *, told_until: datetime | None, jitter: float) -> datetime:
        """When to read again after a success; `told_until` is when the provider stops telling of changes, if it does.

        `jitter`, from 0 to 1, spreads calendars over a tenth of the pause.
        """
        told = told_until is not None and told_until >= now + self.polled_with_push_every
        pause = self.polled_with_push_every if told else self.polled_every
        return now + pause * (1 - 0.1 * jitter)


def after_failure(failures: int, *, at_least: timedelta | None = None) -> timedelta:
    """How long to leave a calendar alone after so many failures in a row: 30 seconds, doubling, to half an hour."""
    return max(min(FIRST_PAUSE * (1 << min(failures, 16)), LONGEST_PAUSE), at_least or timedelta())


def parts_outside(window: Interval, known: Interval) -> tuple[Interval, ...]:
    """What of `window` lies before or after `known`."""
    if not window.overlaps(known):
        return (window,)
    before = (Interval(window.start, known.start),) if window.start < known.start else ()
    after = (Interval(known.end, window.end),) if window.end > known.end else ()
    return before + after


def collisions(booked: Iterable[BookedTime], *, before: Spans | None, after: Spans) -> tuple[SessionId, ...]:
    """The sessions that something in the calendar overlaps now and didn't before; a first reading tells of all."""
    return tuple(
        one.session_id
        for one in booked
        if after.overlaps(one.interval) and not (before is not None and before.overlaps(one.interval))
    )


def changed(before: StoredReading | None, after: StoredReading) -> bool:
    """Whether the busy time differs where both were looking, or was never known."""
    if before is None or not before.window.overlaps(after.window):
        return True
    start, end = max(before.window.start, after.window.start), min(before.window.end, after.window.end)
    common = Interval(start, end)
    return before.busy.clipped_to(common) != after.busy.clipped_to(common)
