"""A fake of the repository of calendars and settings."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from application.ports.calendars import KnownOfCalendar
from application.ports.lanes import Claimed, Room
from domain.account import AccountNotFound
from domain.calendar import Calendar
from domain.calendar_settings import CalendarSettings
from domain.errors import EtagMismatch
from domain.expert import ExpertNotFound
from domain.ids import AccountId, CalendarId, ExpertId
from tests.fakes.tables import AT_ONCE, Tables


@dataclass(frozen=True, slots=True)
class FakeCalendars:
    tables: Tables

    async def of_expert(self, expert_id: ExpertId) -> tuple[Calendar, ...]:
        mine = [one for one in self.tables.accounts.values() if one.expert_id == expert_id]
        oldest_first = sorted(mine, key=lambda one: (one.connected_at, one.account_id))
        return tuple([calendar for one in oldest_first for calendar in await self.of_account(one.account_id)])

    async def of_account(self, account_id: AccountId) -> tuple[Calendar, ...]:
        mine = (one for one in self.tables.calendars.values() if one.account_id == account_id)
        return tuple(sorted(mine, key=lambda one: (not one.primary, one.calendar_id)))

    async def known_of(self, calendar_id: CalendarId) -> KnownOfCalendar:
        calendar = self.tables.calendars.get(calendar_id)
        if calendar is None:
            return KnownOfCalendar()
        return KnownOfCalendar(
            writable=calendar.listed_writable,
            access_doubted=self.tables.accounts[calendar.account_id].doubt is not None,
        )

    async def save(self, calendars: Iterable[Calendar]) -> None:
        for calendar in calendars:
            if calendar.account_id not in self.tables.accounts:
                raise AccountNotFound
            self.tables.calendars[calendar.calendar_id] = calendar

    async def take_trial(self, refusing: Calendar, now: datetime) -> bool:
        known = self.tables.calendars.get(refusing.calendar_id)
        if known is None or known.refused_at != refusing.refused_at:
            return False
        self.tables.calendars[refusing.calendar_id] = replace(known, refused_at=now)
        return True

    async def listed(
        self, account_id: AccountId, *, due_at: datetime, begun_at: datetime, now: datetime
    ) -> None:
        wished_since = begun_at < self.tables.lists_due.get(account_id, AT_ONCE) <= now
        if account_id in self.tables.accounts and not wished_since:
            self.tables.lists_due[account_id] = due_at

    async def claim_lists(
        self, room: Room, *, now: datetime, until: datetime
    ) -> tuple[Claimed[AccountId], ...]:
        planned = self.tables.lists_due
        for wish in [one for one in self.tables.wishes if one.kind == "refresh_calendars"]:
            account_id = AccountId(wish.id)
            planned[account_id] = min(planned.get(account_id, AT_ONCE), now)
            self.tables.wishes.remove(wish)
        found = sorted(
            (planned.get(key, AT_ONCE), key)
            for key, one in self.tables.accounts.items()
            if one.active and key not in room.held
        )
        claimed = [key for due_at, key in found if due_at <= now][: room.places]
        planned.update(dict.fromkeys(claimed, until))
        return tuple(Claimed(row=key, keys=(key,), again=True) for key in claimed)

    async def settings(self, expert_id: ExpertId) -> CalendarSettings:
        return self.tables.settings.get(expert_id, CalendarSettings(expert_id=expert_id))

    async def save_settings(self, settings: CalendarSettings) -> CalendarSettings:
        if (await self.settings(settings.expert_id)).version != settings.version:
            raise EtagMismatch
        if settings.expert_id not in self.tables.experts:
            raise ExpertNotFound
        saved = replace(settings, version=settings.version + 1)
        self.tables.settings[settings.expert_id] = saved
        self.tables.follow_conflict_calendars(saved)
        return saved
