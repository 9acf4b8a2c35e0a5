"""A fake of the writer of events."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from domain.access import AccessDenied, CalendarGone, EventDeleted, EventMissing, ProviderUnavailable
from domain.event_digest import EventPart
from domain.ids import AccountId
from domain.interval import Interval
from domain.permissions import lacking
from domain.session import EventCopy, EventPlace
from domain.session_details import SessionDetails
from tests.fakes.provider import Event, FakeProvider, Person


@dataclass(frozen=True, slots=True)
class FakeEventWriter:
    provider: FakeProvider

    async def create(self, copy: EventCopy, interval: Interval, details: SessionDetails) -> EventPlace:
        async with self.provider.call("create", calendar=copy.remote_calendar_id):
            person = await self._person(copy.account_id)
            _require_writable(person, copy.remote_calendar_id)
            known = person.marked(copy.mark)
            if known and not self.provider.forgets_marks:
                if known[0].interval != interval:
                    # An event of this mark from before: whether anything was done is not to be seen from it.
                    raise ProviderUnavailable(outcome_unknown=True)
                return known[0].place
            self._require_unspent(person, copy)
            event = Event(
                remote_id=self.provider.new_event_id(),
                calendar=copy.remote_calendar_id,
                mark=copy.mark,
                interval=interval,
                details=details,
                reminder_minutes=details.reminder_minutes,
            )
            person.events[event.remote_id] = event
            return event.place

    async def update(
        self, copy: EventCopy, interval: Interval, details: SessionDetails, *, parts: Collection[EventPart]
    ) -> None:
        async with self.provider.call("update", calendar=copy.remote_calendar_id):
            event = _event_at(await self._person(copy.account_id), copy)
            for part in parts:
                _WRITE[part](event, interval, details)

    async def delete(self, copy: EventCopy) -> None:
        async with self.provider.call("delete", calendar=copy.remote_calendar_id):
            person = await self._person(copy.account_id)
            person.delete(_event_at(person, copy).remote_id)

    async def find(self, copy: EventCopy) -> EventPlace | None:
        async with self.provider.call("find", calendar=copy.remote_calendar_id):
            person = await self._person(copy.account_id)
            for event in (person.event(copy.remote_id or ""), *person.marked(copy.mark)):
                if event is not None:
                    return event.place
            self._require_unspent(person, copy)
            if copy.remote_calendar_id not in person.calendars:
                raise CalendarGone
            return None

    def _require_unspent(self, person: Person, copy: EventCopy) -> None:
        if self.provider.remembers_deleted and copy.mark in person.deleted:
            raise EventDeleted

    async def _person(self, account_id: AccountId) -> Person:
        person = await self.provider.person_behind(account_id)
        person.require_mailbox()
        return person


def _event_at(person: Person, copy: EventCopy) -> Event:
    event = person.event(copy.remote_id or "")
    if event is None or event.place != copy.place:
        raise EventMissing
    _require_writable(person, event.calendar)
    return event


def _write_time(event: Event, interval: Interval, _: SessionDetails) -> None:
    event.interval = interval


def _write_title(event: Event, _: Interval, details: SessionDetails) -> None:
    event.details = replace(event.details, title=details.title)


def _write_body(event: Event, _: Interval, details: SessionDetails) -> None:
    event.details = replace(event.details, text=details.text, join_url=details.join_url)


def _write_place(event: Event, _: Interval, details: SessionDetails) -> None:
    event.details = replace(event.details, place=details.place)


def _write_reminder(event: Event, _: Interval, details: SessionDetails) -> None:
    event.details = replace(event.details, reminder_minutes=details.reminder_minutes)
    event.reminder_minutes = details.reminder_minutes


def _write_visibility(event: Event, _: Interval, details: SessionDetails) -> None:
    event.details = replace(event.details, visibility=details.visibility)


def _write_category(event: Event, _: Interval, details: SessionDetails) -> None:
    event.details = replace(event.details, category=details.category)


def _write_color(event: Event, _: Interval, details: SessionDetails) -> None:
    event.details = replace(event.details, color=details.color)


_WRITE: dict[EventPart, Callable[[Event, Interval, SessionDetails], None]] = {
    EventPart.TIME: _write_time,
    EventPart.TITLE: _write_title,
    EventPart.BODY: _write_body,
    EventPart.PLACE: _write_place,
    EventPart.REMINDER: _write_reminder,
    EventPart.VISIBILITY: _write_visibility,
    EventPart.CATEGORY: _write_category,
    EventPart.COLOR: _write_color,
}


def _require_writable(person: Person, remote_calendar_id: str) -> None:
    calendar = person.calendars.get(remote_calendar_id)
    if calendar is None:
        raise CalendarGone
    if not calendar.writable:
        raise AccessDenied
    if calendar.shared and (missing := lacking(person.granted, person.shared_writes_take)):
        raise AccessDenied(missing_permissions=missing)
