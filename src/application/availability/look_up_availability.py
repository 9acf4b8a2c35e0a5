"""Read the conflict calendars of an expert, all at once, and put together what is known of their time."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from application.ports.alarms import Alarms
from application.ports.calendar_reader import CalendarReader
from application.ports.clock import Clock
from application.ports.store import Store
from application.provider_faults import PROVIDER_FAULTS, LostAccessReport, unread_because
from domain.access import CalendarGone
from domain.account import Account
from domain.availability import Availability, Reading, Unread, UnreadReason, require_answerable, still_booked
from domain.blocking import CalendarEntry, busy_time
from domain.calendar import Calendar
from domain.expert import Expert
from domain.ids import AccountId, ExpertId, SessionId
from domain.interval import Interval

PATIENCE = timedelta(seconds=30)
"""How often a calendar known to be missing is looked for at most, however often it is asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one look at a calendar brought."""

    calendar: Calendar
    read_at: datetime
    entries: tuple[CalendarEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpAvailability:
    store: Store
    clock: Clock
    reader: CalendarReader
    alarms: Alarms
    report_lost: LostAccessReport

    async def __call__(
        self,
        expert_id: ExpertId,
        window: Interval,
        *,
        excluded: Collection[SessionId] = (),
        budget: timedelta,
    ) -> Availability:
        """All evidence on `window`. What is not read within `budget` is named unread, never waited for.

        `excluded` sessions don't make the expert busy. Raises ExpertNotFound, WindowTooLong.
        """
        require_answerable(window)
        async with self.store.transaction() as tx:
            expert = await tx.experts.get(expert_id)
            # In this order, and without those whose account is gone: accounts come and go between two reads.
            chosen = (await tx.calendars.settings(expert_id)).conflict
            known = await tx.calendars.of_expert(expert_id)
            accounts = {one.account_id: one for one in await tx.accounts.of_expert(expert_id)}
        calendars = [one for one in known if one.calendar_id in chosen and one.account_id in accounts]
        looks = await self._look_at_all(calendars, accounts, window, budget)
        return await self._put_together(expert, window, looks, excluded)

    async def _look_at_all(
        self,
        calendars: list[Calendar],
        accounts: dict[AccountId, Account],
        window: Interval,
        budget: timedelta,
    ) -> list[_Look | Unread]:
        async def look(calendar: Calendar) -> _Look | Unread:
            try:
                async with asyncio.timeout(budget.total_seconds()):
                    return await self._look_at(calendar, accounts[calendar.account_id], window)
            except TimeoutError:
                return _unread(calendar, UnreadReason.TIMED_OUT)

        return await asyncio.gather(*(look(calendar) for calendar in calendars))

    async def _look_at(self, calendar: Calendar, account: Account, window: Interval) -> _Look | Unread:
        if not account.active:
            return _unread(calendar, UnreadReason.RECONNECT_REQUIRED)
        if calendar.missing:
            await self._look_at_the_list_again(account, at=self.clock.now() + PATIENCE)
            return _unread(calendar, UnreadReason.CALENDAR_MISSING)
        provider = account.identity.provider
        read_at = self.clock.now()
        try:
            entries = await self.reader.read_entries(account.account_id, calendar.remote.remote_id, window)
        except PROVIDER_FAULTS as fault:
            reason = await unread_because(
                fault, provider=provider, alarms=self.alarms, report_lost=self.report_lost
            )
            if isinstance(fault, CalendarGone):
                await self._look_at_the_list_again(account)
            return _unread(calendar, reason)
        self.alarms.provider_works(provider)
        return _Look(calendar=calendar, read_at=read_at, entries=entries)

    async def _look_at_the_list_again(self, account: Account, *, at: datetime | None = None) -> None:
        """So that the calendar counts as missing from then on, or is found when it has come back."""
        async with self.store.transaction() as tx:
            await tx.jobs.refresh_calendars(account.account_id, at=at)

    async def _put_together(
        self, expert: Expert, window: Interval, looks: list[_Look | Unread], excluded: Collection[SessionId]
    ) -> Availability:
        """Sessions are looked up after the calendars, so that one accepted meanwhile counts and its event does not."""
        marks = {
            entry.mark
            for look in looks
            if isinstance(look, _Look)
            for entry in look.entries
            if entry.mark is not None
        }
        unread = tuple(look for look in looks if isinstance(look, Unread))
        async with self.store.transaction() as tx:
            booked = await tx.sessions.booked(expert.expert_id, window)
            own = await tx.sessions.own_marks(expert.expert_id, marks) if marks else frozenset()
        readings = tuple(
            Reading(
                calendar_id=look.calendar.calendar_id,
                account_id=look.calendar.account_id,
                read_at=look.read_at,
                busy=busy_time(look.entries, window=window, zone=expert.time_zone, own_marks=own),
            )
            for look in looks
            if isinstance(look, _Look)
        )
        return Availability(
            window=window,
            readings=readings,
            unread=unread,
            booked=still_booked(booked, window=window, excluded=excluded),
        )


def _unread(calendar: Calendar, reason: UnreadReason) -> Unread:
    return Unread(calendar_id=calendar.calendar_id, account_id=calendar.account_id, reason=reason)
