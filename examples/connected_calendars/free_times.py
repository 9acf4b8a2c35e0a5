"""Free starts, found by the service: the page says what it wants, and does no sums with busy times itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final, Self

from google.type.dayofweek_pb2 import FRIDAY, MONDAY, THURSDAY, TUESDAY, WEDNESDAY
from google.type.timeofday_pb2 import TimeOfDay

from calendarsync.v1.availability_service_pb2 import (
    FindTimesRequest,
    FindTimesResponse,
    OpeningHours,
    OpenSpan,
    WeekdayHours,
)
from connected_calendars.days import Day
from connected_calendars.service import Service
from connected_calendars.wire import duration, ends, interval

LENGTHS_MINUTES: Final = (15, 30, 45, 60, 90, 120)
BUFFERS_MINUTES: Final = (0, 5, 10, 15, 30)
STEP: Final = timedelta(minutes=30)
OPENS: Final = time(8)
CLOSES: Final = time(18)
OPEN_DAYS: Final = (MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY)
"""When sessions can be booked here. In a product each expert would choose."""
MINIMUM_NOTICE: Final = timedelta(minutes=30)
NO_MARGIN: Final = timedelta()
SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(hours=24)
"""The lengths that the service finds times for. A session may have another one."""
MOST: Final = 500
"""More starts than a week of open days has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How long a session is, and how much time before and after it must be free, too."""

    minutes: int = 60
    buffer: int = 0

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """As an address or a form has it; what can't be chosen there is not wanted."""
        wanted = cls()
        for name, choices in (("minutes", LENGTHS_MINUTES), ("buffer", BUFFERS_MINUTES)):
            if (text := str(told.get(name, ""))) in map(str, choices):
                wanted = replace(wanted, **{name: int(text)})
        return wanted

    @property
    def told(self) -> dict[str, int]:
        """As an address has it."""
        return {"minutes": self.minutes, "buffer": self.buffer}

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    @property
    def margin(self) -> timedelta:
        return timedelta(minutes=self.buffer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """When a session can begin, and when it would end."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeTimes:
    """`complete` is false where a calendar could not be read: then there are none, whatever the calendars say."""

    complete: bool
    starts: Sequence[Start]

    def on(self, day: Day) -> Sequence[Start]:
        return [one for one in self.starts if day.start <= one.start < day.end]


async def find_times(
    service: Service,
    expert_id: str,
    days: Sequence[Day],
    *,
    length: timedelta,
    now: datetime,
    margin: timedelta = NO_MARGIN,
    moving: str = "",
) -> FreeTimes:
    """In these days, from now on. `moving` is a session that is not to be in its own way."""
    end = days[-1].end
    start = max(days[0].start, now)
    if start >= end or not SHORTEST <= length <= LONGEST:
        return FreeTimes(complete=True, starts=())
    found = await service.availability.FindTimes(
        FindTimesRequest(
            expert_ids=[expert_id],
            window=interval(start, end),
            duration=duration(length),
            step=duration(STEP),
            time_zone=days[0].zone.key,
            opening_hours=_opening_hours(),
            minimum_notice=duration(MINIMUM_NOTICE),
            buffer_before=duration(margin),
            buffer_after=duration(margin),
            exclude_session_ids=[moving] if moving else [],
            page_size=MOST,
        )
    )
    return _of_answer(found)


async def nothing_free() -> FreeTimes:
    """Where something is unknown."""
    return FreeTimes(complete=False, starts=())


def _of_answer(found: FindTimesResponse) -> FreeTimes:
    starts = [ends(one.interval) for one in found.times]
    return FreeTimes(complete=found.complete, starts=[Start(start=start, end=end) for start, end in starts])


def _opening_hours() -> OpeningHours:
    span = OpenSpan(start_time=TimeOfDay(hours=OPENS.hour), end_time=TimeOfDay(hours=CLOSES.hour))
    return OpeningHours(weekdays=[WeekdayHours(day=day, spans=[span]) for day in OPEN_DAYS])
