"""A fake of the reader of calendars."""

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from application.ports.calendar_reader import ReadableCalendar
from domain.access import CalendarGone
from domain.blocking import CalendarEntry, Instants, ShowAs, busy_time
from domain.ids import AccountId
from domain.interval import Interval
from tests.fakes.provider import FakeProvider, entry_of


@dataclass(frozen=True, slots=True)
class FakeCalendarReader:
    """Gives every entry of the calendar, whatever the window: the port allows some outside it."""

    provider: FakeProvider

    async def read_entries(
        self, account_id: AccountId, calendar: ReadableCalendar, window: Interval
    ) -> tuple[CalendarEntry, ...]:
        async with self.provider.call("read_entries", calendar=calendar.remote_id):
            person = await self.provider.person_behind(account_id)
            person.require_mailbox()
            if calendar.remote_id not in person.calendars:
                raise CalendarGone
            ours = [entry_of(one) for one in person.events.values() if one.calendar == calendar.remote_id]
            entries = (*person.entries.get(calendar.remote_id, []), *ours)
            if self.provider.merges_foreign and not calendar.may_hold_ours:
                return _merged(entries, window)
            return entries


def _merged(entries: Iterable[CalendarEntry], window: Interval) -> tuple[CalendarEntry, ...]:
    busy = busy_time(entries, window=window, zone=ZoneInfo("UTC"), tentative_blocks=True)
    return tuple(CalendarEntry(when=Instants(one.start, one.end), show_as=ShowAs.BUSY) for one in busy)
