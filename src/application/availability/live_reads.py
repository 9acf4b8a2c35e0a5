"""Look now at what lies before or after the window that readings are kept for."""

import asyncio
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from application.availability.read_live import Stretch
from application.ports.known_times import KnownTime
from application.ports.provider import CalendarProviders, answering_together
from application.readings.single_flight import SingleFlight
from domain.availability import Reading, Unread, UnreadReason
from domain.blocking import BlockingRule
from domain.ids import CalendarId
from domain.interval import Interval
from domain.reading import Pace

LiveAnswers = Mapping[tuple[CalendarId, BlockingRule], Reading | Unread]
"""Of each calendar looked at, under an expert's rule: its busy time in the parts that no reading is kept for,
or why that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveReads:
    reads: SingleFlight[Stretch, Reading | Unread]
    providers: CalendarProviders
    pace: Pace

    def kept(self, now: datetime) -> Interval:
        """The window that readings made now are kept for."""
        return self.pace.window(now)

    async def __call__(
        self,
        known: Iterable[KnownTime],
        parts: tuple[Interval, ...],
        *,
        not_before: datetime,
        budget: timedelta,
        places: asyncio.Semaphore,
    ) -> LiveAnswers:
        """What the readable calendars of these experts say of these parts; nothing when there are none.

        Looks begun at `not_before` or later are shared. `places` are those of the whole question.
        """
        if not parts:
            return {}
        stretches = [
            # Without the reading, which is as good as never the same for two who ask.
            Stretch(
                expert_id=one.expert_id, rule=one.rule, calendar=replace(calendar, reading=None), parts=parts
            )
            for one in known
            for calendar in one.calendars
            if calendar.can_be_read
        ]

        async def look(group: Sequence[Stretch]) -> Mapping[Stretch, Reading | Unread]:
            asked = dict.fromkeys(group, not_before)
            found = await self.reads.join_all(asked, budget=budget, places=places)
            return {one: found.get(one) or one.unread(UnreadReason.TIMED_OUT) for one in group}

        found = await asyncio.gather(*(look(one) for one in self._groups(stretches)))
        return {
            (stretch.calendar.calendar_id, stretch.rule): it
            for group in found
            for stretch, it in group.items()
        }

    def _groups(self, stretches: Iterable[Stretch]) -> list[list[Stretch]]:
        """By what is best asked for at the same moment, as with readings that are kept."""
        together, groups = answering_together(self.providers), dict[Hashable, list[Stretch]]()
        for stretch in stretches:
            calendar = stretch.calendar
            key = calendar.account_id if calendar.provider in together else stretch
            groups.setdefault(key, []).append(stretch)
        return list(groups.values())
