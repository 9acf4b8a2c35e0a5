"""Read one calendar before or after the window that readings are kept for; what is found is kept nowhere."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
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
    unread_because,
)
from application.readings.own_entries import calendar_to_read, own_among, seen_among
from application.readings.together import Together
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
class _Before:
    """What there was to know before the look: of the expert's sessions, how to look, and whether access is in doubt."""

    own: tuple[OwnEvent, ...]
    source: ReadableCalendar
    access_doubted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLive:
    store: Store
    clock: Clock
    providers: CalendarProviders
    alarms: Alarms
    report_lost: LostAccessReport

    async def __call__(self, stretch: Stretch) -> Reading | Unread:
        """The busy time in all of the parts, or why it is not known."""
        return await self._read(stretch, self._before)

    def together(self) -> Callable[[Stretch], Awaitable[Reading | Unread]]:
        """The same, for calendars that are best asked for at the same moment."""
        return partial(self._read, before=Together(self._before_all))

    async def _read(
        self, stretch: Stretch, before: Callable[[Stretch], Awaitable[_Before]]
    ) -> Reading | Unread:
        calendar, read_at = stretch.calendar, self.clock.now()
        known = await before(stretch)
        try:
            async with asyncio.timeout(LONGEST_LOOK.total_seconds()):
                reader = provider_of(self.providers, calendar.provider).reader
                entries = [
                    await reader.read_entries(calendar.account_id, known.source, part)
                    for part in stretch.parts
                ]
        except TimeoutError:
            return stretch.unread(UnreadReason.TIMED_OUT)
        except PROVIDER_FAULTS as fault:
            if isinstance(fault, SUSPICIOUS):
                async with self.store.transaction() as tx:
                    await tx.jobs.refresh_calendars(calendar.account_id)
            failure = await unread_because(
                fault, provider=calendar.provider, alarms=self.alarms, report_lost=self.report_lost
            )
            return stretch.unread(failure.reason, failure.pause)
        return await self._judged(stretch, entries, known, read_at)

    async def _before(self, stretch: Stretch) -> _Before:
        return (await self._before_all([stretch]))[stretch]

    async def _before_all(self, stretches: Collection[Stretch]) -> Mapping[Stretch, _Before]:
        own: dict[tuple[ExpertId, Interval], tuple[OwnEvent, ...]] = {}
        before = dict[Stretch, _Before]()
        async with self.store.transaction() as tx:
            for stretch in stretches:
                calendar, whose = stretch.calendar, (stretch.expert_id, span(stretch.parts))
                if whose not in own:
                    own[whose] = await tx.sessions.own_events(*whose)
                # Asked for here, so that the question behind every answer need not bring it.
                known = await tx.calendars.known_of(calendar.calendar_id)
                source = calendar_to_read(
                    calendar.calendar_id, calendar.remote_calendar_id, own[whose], writable=known.writable
                )
                before[stretch] = _Before(own=own[whose], source=source, access_doubted=known.access_doubted)
        return before

    async def _judged(
        self,
        stretch: Stretch,
        entries: list[tuple[CalendarEntry, ...]],
        before: _Before,
        read_at: datetime,
    ) -> Reading:
        calendar, whole = stretch.calendar, span(stretch.parts)
        async with self.store.transaction() as tx:
            own = await own_among(tx, stretch.expert_id, whole, chain(*entries), before=before.own)
            if before.access_doubted:
                # What is found is kept nowhere, so that nobody could see later that it worked.
                await tx.accounts.trust(calendar.account_id)
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
