"""A fake of the writer of events."""

from dataclasses import dataclass

from domain.access import AccessDenied, CalendarGone, EventGone
from domain.ids import AccountId, EventMark
from domain.interval import Interval
from domain.session import EventCopy, SessionDetails
from tests.fakes.provider import Event, FakeProvider, Person


@dataclass(frozen=True, slots=True)
class FakeEventWriter:
    provider: FakeProvider

    async def create(self, copy: EventCopy, interval: Interval, details: SessionDetails) -> str:
        async with self.provider.call("create", calendar=copy.remote_calendar_id):
            person = await self._person(copy.account_id)
            _require_writable(person, copy.remote_calendar_id)
            known = person.marked(copy.mark)
            if known and not self.provider.forgets_marks:
                return known[0].remote_id
            event = Event(
                remote_id=self.provider.new_event_id(),
                calendar=copy.remote_calendar_id,
                mark=copy.mark,
                interval=interval,
                details=details,
                reminder_minutes=details.reminder_minutes,
            )
            person.events[event.remote_id] = event
            return event.remote_id

    async def update(
        self,
        account_id: AccountId,
        remote_id: str,
        interval: Interval,
        details: SessionDetails,
        *,
        set_reminder: bool,
    ) -> None:
        async with self.provider.call("update"):
            person = await self._person(account_id)
            event = person.event(remote_id)
            if event is None:
                raise EventGone
            _require_writable(person, event.calendar)
            event.interval, event.details = interval, details
            if set_reminder:
                event.reminder_minutes = details.reminder_minutes

    async def delete(self, account_id: AccountId, remote_id: str) -> None:
        async with self.provider.call("delete"):
            person = await self._person(account_id)
            event = person.event(remote_id)
            if event is not None:
                _require_writable(person, event.calendar)
                del person.events[remote_id]

    async def find(
        self, account_id: AccountId, remote_calendar_id: str, mark: EventMark, near: Interval
    ) -> str | None:
        async with self.provider.call("find", calendar=remote_calendar_id):
            person = await self._person(account_id)
            if remote_calendar_id not in person.calendars:
                raise CalendarGone
            found = (one.remote_id for one in person.marked(mark) if one.calendar == remote_calendar_id)
            return next(found, None)

    async def _person(self, account_id: AccountId) -> Person:
        person = await self.provider.person_behind(account_id)
        person.require_mailbox()
        return person


def _require_writable(person: Person, remote_calendar_id: str) -> None:
    calendar = person.calendars.get(remote_calendar_id)
    if calendar is None:
        raise CalendarGone
    if not calendar.writable:
        raise AccessDenied
