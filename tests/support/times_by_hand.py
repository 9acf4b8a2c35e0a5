"""Times that suit experts, worked out minute by minute with calendars and clocks of the standard library.

Slow, and nothing of it is shared with the code under test: each start of the window is held against each rule in words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
Times = Sequence[tuple[int, int]]
"""Of a day, in minutes since midnight."""
Busy = Sequence[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """All times are in UTC and whole minutes, but for `now` and those of experts."""

    start: datetime
    end: datetime
    now: datetime
    minutes: int
    step: int
    zone: ZoneInfo
    by_the_clock: bool
    weekdays: Mapping[int, Times] | None
    dates: Mapping[date, Times]
    notice: timedelta
    before: timedelta
    after: timedelta
    most_a_day: int | None

    def starts(self) -> list[datetime]:
        """Those that are left when nobody has a calendar."""
        many = (self.end - self.start) // MINUTE
        times = [self.start + number * MINUTE for number in range(many)]
        is_open = {one for one in times if self._is_open(one)}
        return [
            one
            for one in times
            if one + self.minutes * MINUTE <= self.end
            and one >= self.now + self.notice
            and self._is_whole_step(one)
            and all(one + number * MINUTE in is_open for number in range(self.minutes))
        ]

    def suits(self, start: datetime, busy: Busy, sessions: Busy) -> bool:
        """An expert with these calendars and sessions, holds being among what is busy."""
        begin, finish = start - self.before, start + self.minutes * MINUTE + self.after
        if any(one < finish and begin < other for one, other in (*busy, *sessions)):
            return False
        same_day = [one for one, _ in sessions if self._day(one) == self._day(start)]
        return self.most_a_day is None or len(same_day) < self.most_a_day

    def _is_open(self, at: datetime) -> bool:
        if self.weekdays is None:
            return True
        shown = at.astimezone(self.zone)
        minute = shown.hour * 60 + shown.minute
        hours = self.dates.get(shown.date(), self.weekdays.get(shown.weekday(), ()))
        return any(opens <= minute < closes for opens, closes in hours)

    def _is_whole_step(self, at: datetime) -> bool:
        if not self.by_the_clock:
            return (at - self.start) % (self.step * MINUTE) == timedelta()
        shown = at.astimezone(self.zone)
        return (shown.hour * 60 + shown.minute) % self.step == 0

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()


def utc(day: date, minute: int = 0) -> datetime:
    return datetime.combine(day, time(), UTC) + minute * MINUTE
