"""A fake of the reader of calendars."""

from dataclasses import dataclass

from domain.access import CalendarGone
from domain.blocking import CalendarEntry
from domain.ids import AccountId
from domain.interval import Interval
from tests.fakes.provider import FakeProvider, entry_of


@dataclass(frozen=True, slots=True)
class FakeCalendarReader:
    """Gives every entry of the calendar, whatever the window: the port allows some outside it."""

    provider: FakeProvider

    async def read_entries(
        self, account_id: AccountId, remote_calendar_id: str, window: Interval
    ) -> tuple[CalendarEntry, ...]:
        async with self.provider.call("read_entries", calendar=remote_calendar_id):
            person = await self.provider.person_behind(account_id)
            person.require_mailbox()
            if remote_calendar_id not in person.calendars:
                raise CalendarGone
            ours = [entry_of(one) for one in person.events.values() if one.calendar == remote_calendar_id]
            return (*person.entries.get(remote_calendar_id, []), *ours)
