"""What an expert chose, and where sessions are written now."""

from dataclasses import dataclass

from application.ports.store import Store, Transaction
from domain.calendar_settings import CalendarSettings, WriteCalendar, write_calendar
from domain.ids import ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenCalendars:
    settings: CalendarSettings
    write: WriteCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class GetCalendarSettings:
    store: Store

    async def __call__(self, expert_id: ExpertId) -> ChosenCalendars:
        """Raises ExpertNotFound."""
        async with self.store.transaction() as tx:
            await tx.experts.get(expert_id)
            settings = await tx.calendars.settings(expert_id)
            return ChosenCalendars(settings=settings, write=await write_calendar_now(tx, settings))


async def write_calendar_now(tx: Transaction, settings: CalendarSettings) -> WriteCalendar:
    accounts = await tx.accounts.of_expert(settings.expert_id)
    return write_calendar(settings, accounts, await tx.calendars.of_expert(settings.expert_id))
