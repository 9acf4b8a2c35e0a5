"""Read one conflict calendar as far ahead as readings reach, and keep what was found."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from application.ports.alarms import Alarms
from application.ports.clock import Clock
from application.ports.provider import CalendarProviders, provider_of
from application.ports.store import Store, Transaction
from application.ports.unchanged_looks import UnchangedLooks
from application.provider_faults import (
    PROVIDER_FAULTS,
    SUSPICIOUS,
    LostAccessReport,
    ProviderFault,
    unread_because,
)
from application.readings.own_entries import own_among, seen_among
from application.readings.under_way import UnderWay
from domain.access import AccessDoubted, ProviderUnavailable
from domain.availability import SOON, ReadFailure, UnreadReason
from domain.blocking import CalendarEntry
from domain.change import Change, ChangeType
from domain.ids import CalendarId
from domain.reading import (
    LEASE,
    LEEWAY,
    LONGEST_LOOK,
    BegunLook,
    Pace,
    ReadingTask,
    StoredReading,
    after_failure,
    changed,
    collisions,
    owner_changed,
)

NOTHING_TO_READ: Final = ReadFailure(reason=UnreadReason.CALENDAR_MISSING, pause=SOON)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCalendar:
    """`jitter` gives numbers from 0 to 1 that keep calendars from being read all at the same moment."""

    store: Store
    clock: Clock
    providers: CalendarProviders
    alarms: Alarms
    report_lost: LostAccessReport
    unchanged_looks: UnchangedLooks
    pace: Pace
    jitter: Callable[[], float]

    async def __call__(self, calendar_id: CalendarId) -> ReadFailure | None:
        """None when its reading is new now, else why it isn't; then the one that is there stays.

        A mark that comes while reading is under way leaves the calendar due.
        """
        look = await self.begin(calendar_id)
        return look if isinstance(look, ReadFailure) else await self.go_on(look)

    async def begin(self, calendar_id: CalendarId) -> UnderWay | ReadFailure:
        """A look to go on with, or why there is nothing to look at."""
        return (await self.begin_all([calendar_id]))[calendar_id]

    async def begin_all(
        self, calendar_ids: Collection[CalendarId]
    ) -> Mapping[CalendarId, UnderWay | ReadFailure]:
        """The same for several, in one transaction."""
        now = self.clock.now()
        window = self.pace.window(now)
        async with self.store.transaction() as tx:
            begun = await tx.readings.begin_all(calendar_ids, now=now, until=now + LEASE)
            experts = {one.task.expert_id for one in begun}
            own = await tx.sessions.own_snapshots(experts, window) if experts else {}
        jitter = self.jitter()
        looks = {
            one.task.calendar_id: UnderWay.of(
                one, window, own, due_at=self._due_again(one, now, jitter=jitter)
            )
            for one in begun
        }
        return {one: looks.get(one, NOTHING_TO_READ) for one in calendar_ids}

    def _due_again(self, begun: BegunLook, now: datetime, *, jitter: float) -> datetime:
        saving = self.alarms.is_day_nearly_spent(begun.task.provider)
        return self.pace.next_due(now, told_until=begun.told_until, jitter=jitter, saving=saving)

    async def go_on(self, look: UnderWay) -> ReadFailure | None:
        """Read what was begun, and end it, as above."""
        task = look.task
        try:
            async with asyncio.timeout(LONGEST_LOOK.total_seconds()):
                reader = provider_of(self.providers, task.provider).reader
                entries = await reader.read_entries(task.account_id, look.calendar, look.window)
        except TimeoutError:
            await self._put_off(task)
            return ReadFailure(reason=UnreadReason.TIMED_OUT)
        except PROVIDER_FAULTS as fault:
            return await self._failed(task, fault)
        self.alarms.somebody_accepted(task.provider)
        unchanged = await look.unchanged(entries)
        if unchanged is None or not await self.unchanged_looks.end(unchanged):
            await self._keep(look, entries)
        return None

    async def _failed(self, task: ReadingTask, fault: ProviderFault) -> ReadFailure:
        failure = await unread_because(
            fault, provider=task.provider, alarms=self.alarms, report_lost=self.report_lost
        )
        wish = failure.pause if isinstance(fault, ProviderUnavailable | AccessDoubted) else None
        if isinstance(fault, ProviderUnavailable) and fault.throttled:
            await self._spare_mailbox(task, after_failure(task.failures, at_least=wish))
        await self._put_off(task, at_least=wish, suspect=isinstance(fault, SUSPICIOUS))
        return failure

    async def _spare_mailbox(self, task: ReadingTask, pause: timedelta) -> None:
        """The mailbox was asked too often: its other calendars, and other processes, would only prolong it."""
        async with self.store.transaction() as tx:
            await tx.readings.spare(task.account_id, until=self.clock.now() + pause)

    async def _put_off(
        self, task: ReadingTask, *, at_least: timedelta | None = None, suspect: bool = False
    ) -> None:
        async with self.store.transaction() as tx:
            due_at = self.clock.now() + after_failure(task.failures, at_least=at_least)
            await tx.readings.failed(task, due_at=due_at)
            if suspect:
                await tx.jobs.refresh_calendars(task.account_id)

    async def _keep(self, look: UnderWay, entries: tuple[CalendarEntry, ...]) -> None:
        task = look.task
        async with self.store.transaction() as tx:
            # Another process may have stored one since this began: what it reported is neither repeated nor missed.
            previous = await tx.readings.lock(task.calendar_id)
            own = await own_among(tx, task.expert_id, look.window, entries, before=look.own.events)
            seen = await seen_among(own, entries, look.look)
            reading = look.reading(seen)
            if await tx.readings.store(task, reading, due_at=look.due_at, now=self.clock.now() + LEEWAY):
                await self._tell(tx, task, previous, reading)
                if any(own.changed_during(look.look, session_id) for session_id in seen.sessions):
                    # It may have been seen as it was, while all that would ask for another look had been done.
                    await tx.jobs.read_calendar(task.calendar_id)

    async def _tell(
        self, tx: Transaction, task: ReadingTask, previous: StoredReading | None, reading: StoredReading
    ) -> None:
        """Watchers hear of busy time that changed, of sessions that something overlaps now, and of those whose events
        their owner changed.

        What comes into view as the window moves is not a change, but may overlap a session.
        """
        news = Change(
            type=ChangeType.BUSY_TIME_CHANGED,
            expert_id=task.expert_id,
            at=reading.read_at,
            account_id=task.account_id,
            calendar_id=task.calendar_id,
        )
        for session_id in owner_changed(previous, reading):
            await tx.changes.add(replace(news, type=ChangeType.SESSION_EVENT_CHANGED, session_id=session_id))
        if previous is not None and (previous.busy, previous.deviations) == (
            reading.busy,
            reading.deviations,
        ):
            return
        if changed(previous, reading):
            await tx.changes.add(news)
        booked = await tx.sessions.booked(task.expert_id, reading.window)
        for session_id in collisions(booked, before=previous, after=reading):
            await tx.changes.add(replace(news, type=ChangeType.SESSION_COLLIDES, session_id=session_id))
