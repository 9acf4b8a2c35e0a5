"""Experts with a great many events, of whom it is counted how often they are asked about."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from application.ports.known_times import KnownCalendar, KnownTime, Workings
from domain.account import Provider
from domain.blocking import BlockingRule
from domain.ids import AccountId, CalendarId, ExpertId, SessionId
from domain.interval import Interval
from domain.reading import Pace, StoredReading
from domain.spans import Spans, as_span
from domain.taken import BookedTime
from tests.builders import NOW, an_interval

WINDOW = Pace().window(NOW)
"""What readings are kept for."""


@dataclass(slots=True, kw_only=True)
class FullTimes:
    """`intervals` of each calendar in the whole of WINDOW, evenly, none of which touches another one of its expert.

    With `keeps`, what is worked out is kept from one question to the next.
    """

    intervals: int
    calendars: int = 5
    booked: int = 0
    """Sessions, one after the other from NOW on."""
    others: Mapping[ExpertId, int] = field(default_factory=dict)
    """Whose calendars have another number of them."""
    keeps: bool = False
    asked: list[ExpertId] = field(default_factory=list)
    more_than: int = 0
    asked_for_more: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once more than `more_than` experts were asked about."""
    _kept: dict[ExpertId, KnownTime] = field(default_factory=dict)

    async def of(
        self, expert_ids: Collection[ExpertId], window: Interval, *, now: datetime
    ) -> Mapping[ExpertId, KnownTime]:
        self.asked += expert_ids
        if len(self.asked) > self.more_than:
            self.asked_for_more.set()
        return {expert_id: self._of(expert_id) for expert_id in expert_ids}

    def _of(self, expert_id: ExpertId) -> KnownTime:
        if not self.keeps:
            return self._made(expert_id)
        return self._kept.setdefault(expert_id, self._made(expert_id))

    def _made(self, expert_id: ExpertId) -> KnownTime:
        return KnownTime(
            expert_id=expert_id,
            rule=BlockingRule("UTC"),
            calendars=tuple(self._calendar(expert_id, number) for number in range(self.calendars)),
            booked=tuple(_session(number) for number in range(self.booked)),
            held=(),
            workings=Workings() if self.keeps else None,
        )

    def _calendar(self, expert_id: ExpertId, number: int) -> KnownCalendar:
        calendar_id = CalendarId(f"{expert_id}-{number}")
        return KnownCalendar(
            calendar_id=calendar_id,
            account_id=AccountId(f"{expert_id}-account"),
            provider=Provider.MICROSOFT,
            remote_calendar_id=f"remote-{calendar_id}",
            account_active=True,
            missing=False,
            reading=StoredReading(
                calendar_id=calendar_id,
                window=WINDOW,
                read_at=NOW - timedelta(seconds=1),
                busy=self.busy(number, self.others.get(expert_id, self.intervals)),
                rule=BlockingRule("UTC"),
            ),
        )

    def busy(self, number: int, intervals: int) -> Spans:
        """Of the calendar of this number."""
        begin, end = (edge // 1_000_000 for edge in as_span(WINDOW))
        apart = (end - begin) // intervals
        length, offset = apart // (3 * self.calendars), number * apart // self.calendars
        starts = range(begin + offset, begin + intervals * apart, apart)
        return Spans(tuple(edge * 1_000_000 for start in starts for edge in (start, start + length)))


def _session(number: int) -> BookedTime:
    return BookedTime(session_id=SessionId(f"session-{number}"), interval=an_interval(starts=number, hours=1))
