"""Read one calendar before or after the window that readings are kept for; what is found is kept nowhere."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from application.ports.alarms import Alarms
from application.ports.calendar_reader import ReadableCalendar
from application.ports.clock import Clock
from application.ports.known_times import KnownCalendar
from application.ports.provider import CalendarProviders, provider_of
from application.ports.store import Store
from application.provider_faults import (
    PROVIDER_FAULTS,
    SUSPICIOUS,
    LostAccessReport,
    pause_after,
    unread_because,
)
from application.readings.own_entries import calendar_to_read, own_among, seen_among
from domain.availability import Reading, ReadingSource, Unread, UnreadReason
from domain.blocking import BlockingRule, CalendarEntry
from domain.ids import ExpertId
from domain.interval import Interval, span
from domain.look import Look
from domain.own_event import OwnEvent
from domain.reading import LONGEST_LOOK
from domain.spans import Spans
from domain.zone import zone_named


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Parts of a calendar's time, for an expert who has this rule."""

    expert_id: ExpertId
    rule: BlockingRule
    calendar: KnownCalendar
    parts: tuple[Interval, ...]

    def unread(self, reason: UnreadReason, pause: timedelta | None = None) -> Unread:
        return Unread(
            calendar_id=self.calendar.calendar_id,
            account_id=self.calendar.account_id,
            reason=reason,
            pause=pause,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLive:
    store: Store
    clock: Clock
    providers: CalendarProviders
    alarms: Alarms
    report_lost: LostAccessReport

    async def __call__(self, stretch: Stretch) -> Reading | Unread:
        """The busy time in all of the parts, or why it is not known."""
        calendar, read_at = stretch.calendar, self.clock.now()
        before, source = await self._before(stretch)
        try:
            async with asyncio.timeout(LONGEST_LOOK.total_seconds()):
                reader = provider_of(self.providers, calendar.provider).reader
                entries = [
                    await reader.read_entries(calendar.account_id, source, part) for part in stretch.parts
                ]
        except TimeoutError:
            return stretch.unread(UnreadReason.TIMED_OUT)
        except PROVIDER_FAULTS as fault:
            if isinstance(fault, SUSPICIOUS):
                async with self.store.transaction() as tx:
                    await tx.jobs.refresh_calendars(calendar.account_id)
            reason = await unread_because(
                fault, provider=calendar.provider, alarms=self.alarms, report_lost=self.report_lost
            )
            return stretch.unread(reason, pause_after(fault))
        return await self._judged(stretch, entries, before, read_at)

    async def _before(self, stretch: Stretch) -> tuple[tuple[OwnEvent, ...], ReadableCalendar]:
        calendar = stretch.calendar
        async with self.store.transaction() as tx:
            own = await tx.sessions.own_events(stretch.expert_id, span(stretch.parts))
            # Asked for here, so that the question behind every answer need not bring it.
            writable = await tx.calendars.listed_writable(calendar.calendar_id)
        return own, calendar_to_read(
            calendar.calendar_id, calendar.remote_calendar_id, own, writable=writable
        )

    async def _judged(
        self,
        stretch: Stretch,
        entries: list[tuple[CalendarEntry, ...]],
        before: tuple[OwnEvent, ...],
        read_at: datetime,
    ) -> Reading:
        calendar, whole = stretch.calendar, span(stretch.parts)
        async with self.store.transaction() as tx:
            own = await own_among(tx, stretch.expert_id, whole, chain(*entries), before=before)
        seen = [
            await seen_among(
                own,
                found,
                Look(
                    account_id=calendar.account_id,
                    calendar_id=calendar.calendar_id,
                    remote_calendar_id=calendar.remote_calendar_id,
                    window=part,
                    zone=zone_named(stretch.rule.zone),
                    tentative_blocks=stretch.rule.tentative_blocks,
                    read_at=read_at,
                ),
            )
            for part, found in zip(stretch.parts, entries, strict=True)
        ]
        return Reading(
            calendar_id=calendar.calendar_id,
            account_id=calendar.account_id,
            read_at=read_at,
            busy=Spans().united(*(one.busy for one in seen)),
            source=ReadingSource.LIVE,
            deviations=tuple(chain(*(one.deviations for one in seen))),
        )
