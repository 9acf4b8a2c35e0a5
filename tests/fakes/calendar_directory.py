"""A fake of the directory of calendars."""

from dataclasses import dataclass

from domain.access import AccessDenied
from domain.calendar import RemoteCalendar
from domain.connection import MailboxNotServed
from domain.grant import Grant
from domain.ids import AccountId
from tests.fakes.provider import FakeProvider, Person


@dataclass(frozen=True, slots=True)
class FakeCalendarDirectory:
    provider: FakeProvider

    async def first_look(self, grant: Grant) -> tuple[RemoteCalendar, ...]:
        async with self.provider.call("first_look", token=False):
            person = self.provider.person_of(grant)
            if not person.holds(grant):
                raise AccessDenied
            return _calendars(person)

    async def list_calendars(self, account_id: AccountId) -> tuple[RemoteCalendar, ...]:
        async with self.provider.call("list_calendars"):
            return _calendars(await self.provider.person_behind(account_id))

    async def check_access(self, account_id: AccountId) -> None:
        async with self.provider.call("check_access"):
            await self.provider.person_behind(account_id)


def _calendars(person: Person) -> tuple[RemoteCalendar, ...]:
    if not person.served:
        raise MailboxNotServed
    return tuple(person.calendars.values())
