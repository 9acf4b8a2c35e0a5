"""What the tests of writing share: a session, where it goes, and what of it is in the calendars."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.google.event_writer import GoogleEventWriter
from adapters.google.settings import LEAST_SCOPES
from domain.event_digest import EVERY_PART
from domain.ids import CalendarId
from domain.interval import Interval
from domain.session import EventCopy, EventPlace
from domain.session_details import SessionDetails
from sandbox.google.event_json import span
from sandbox.google.listed import Listed
from sandbox.world.model import Event
from sandbox.world.world import World
from tests.adapters.google.test_event_ids import EVENT, MARK
from tests.support.google import OpenGoogle

SLOT = Interval(datetime(2031, 5, 6, 9, tzinfo=UTC), datetime(2031, 5, 6, 10, tzinfo=UTC))
LATER = Interval(SLOT.start + timedelta(days=1), SLOT.end + timedelta(days=1))
DETAILS = SessionDetails(
    title="Coaching <b>with</b> Jonas & Co",
    text='First line\nSecond "line"',
    place="Room 4",
    join_url="https://meet.example/abc?a=1&b=2",
    reminder_minutes=20,
)


@dataclass(frozen=True, slots=True)
class Desk:
    """A writer, a person whose calendars it writes to, and the copy of a session that goes to one of them."""

    google: OpenGoogle
    writer: GoogleEventWriter
    copy: EventCopy
    person: str

    @property
    def world(self) -> World:
        return self.google.sandbox.world

    @property
    def event(self) -> Event:
        """The only one of ours."""
        (event,) = self.written()
        return event

    def written(self, calendar: str | None = None) -> list[Event]:
        """In one calendar of the person, or in all of them."""
        keys = [calendar] if calendar else [one.key for one in self.world.calendars.of(self.person)]
        return [
            one for key in keys for one in self.world.events.all(self.person, key) if one.google_id == EVENT
        ]

    @property
    def interval(self) -> Interval:
        """When it is."""
        return Interval(*span(self.event, UTC))

    def calendar_id(self, key: str | None = None) -> str:
        return id_at_google(self.world, self.person, key)

    def at(self, place: EventPlace) -> "Desk":
        return replace(self, copy=self.copy.at(place))

    def place_in(self, calendar: str) -> EventPlace:
        return EventPlace(remote_calendar_id=self.calendar_id(calendar), remote_id=EVENT)

    async def create(self, details: SessionDetails = DETAILS) -> EventPlace:
        return await self.writer.create(self.copy, SLOT, details)

    async def update(self, to: Interval = LATER, details: SessionDetails = DETAILS, **how: Any) -> None:
        await self.writer.update(self.copy, to, details, **{"parts": EVERY_PART, **how})

    async def delete(self) -> None:
        await self.writer.delete(self.copy)

    async def find(self) -> EventPlace | None:
        return await self.writer.find(self.copy)

    def asked(self, since: int = 0) -> list[tuple[str, str]]:
        """Method and path of what has reached the Calendar API."""
        return [
            (one.method, one.path)
            for one in list(self.world.traffic.requests)[since:]
            if one.surface == "google"
        ]


def desk_for(
    google: OpenGoogle,
    person: str = "gina",
    calendar: str | None = None,
    *,
    scopes: tuple[str, ...] = LEAST_SCOPES,
) -> Desk:
    """Nothing is written yet."""
    copy = EventCopy(
        account_id=google.connect(person, scopes=scopes),
        calendar_id=CalendarId("calendar-1"),
        remote_calendar_id=id_at_google(google.sandbox.world, person, calendar),
        mark=MARK,
        times=(SLOT,),
    )
    writer = GoogleEventWriter(client=google.client, tokens=google.tokens)
    return Desk(google, writer, copy, person)


async def booked(
    google: OpenGoogle,
    person: str = "gina",
    calendar: str | None = None,
    *,
    details: SessionDetails = DETAILS,
    **how: Any,
) -> Desk:
    """The session's event is written."""
    desk = desk_for(google, person, calendar, **how)
    return desk.at(await desk.create(details))


def id_at_google(world: World, person: str, calendar: str | None = None) -> str:
    """Of the primary calendar, if none is named."""
    whose, which = world.people.get(person), world.calendars.get(person, calendar)
    return Listed(world=world, person=whose, calendar=which).id
