"""What the tests of writing share: a session, where it goes, and what of it is in the calendars of the sandbox."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.caldav.event_names import file_of
from adapters.caldav.event_writer import AppleEventWriter
from adapters.caldav.grants import AppleGrants
from domain.event_digest import EVERY_PART
from domain.ids import CalendarId, EventMark
from domain.interval import Interval
from domain.session import EventCopy, EventPlace
from domain.session_details import SessionDetails
from sandbox import Sandbox
from sandbox.icloud import paths
from sandbox.icloud.storing import text_of
from sandbox.world.model import Event
from sandbox.world.world import World
from tests.support.caldav import OpenDav, dav_on

MARK = EventMark("7d0a7f0e-9c11-5d8e-8f60-2b0c9a9b1f11")
FILE = f"{MARK}.ics"
SLOT = Interval(datetime(2031, 5, 6, 9, tzinfo=UTC), datetime(2031, 5, 6, 10, tzinfo=UTC))
LATER = Interval(SLOT.start + timedelta(days=1), SLOT.end + timedelta(days=1))
DETAILS = SessionDetails(
    title="Coaching <b>with</b> Jonas, Eva; & Co",
    text='First line\nSecond "line", with a \\ and \N{SPARKLES}',
    place="Room 4; left",
    join_url="https://meet.example/abc?a=1&b=2",
    reminder_minutes=20,
)


@dataclass(frozen=True, slots=True)
class Desk:
    """A writer, a person whose calendars it writes to, and the copy of a session that goes to one of them."""

    dav: OpenDav
    sandbox: Sandbox
    writer: AppleEventWriter
    copy: EventCopy
    person: str

    @property
    def world(self) -> World:
        return self.sandbox.world

    @property
    def event(self) -> Event:
        """The only one of ours."""
        (event,) = self.written()
        return event

    @property
    def text(self) -> str:
        """What its file says."""
        return text_of(self.world, self.person, self.event)

    def written(self, calendar: str | None = None) -> list[Event]:
        """In one calendar of the person, or in all of them."""
        keys = [calendar] if calendar else [one.key for one in self.world.calendars.of(self.person)]
        return [
            one
            for key in keys
            for one in self.world.events.all(self.person, key)
            if paths.file_of(one) == file_of(self.copy.mark)
        ]

    @property
    def interval(self) -> Interval:
        """When it is."""
        assert self.event.zone == "UTC"
        return Interval(self.event.start.replace(tzinfo=UTC), self.event.end.replace(tzinfo=UTC))

    def at(self, place: EventPlace) -> "Desk":
        return replace(self, copy=self.copy.at(place))

    def calendar_id(self, key: str | None = None) -> str:
        return id_at_apple(self.world, self.person, key)

    def place_in(self, calendar: str) -> EventPlace:
        return EventPlace(remote_calendar_id=self.calendar_id(calendar), remote_id=file_of(self.copy.mark))

    async def create(self, details: SessionDetails = DETAILS) -> EventPlace:
        return await self.writer.create(self.copy, SLOT, details)

    async def update(self, to: Interval = LATER, details: SessionDetails = DETAILS, **how: Any) -> None:
        await self.writer.update(self.copy, to, details, **{"parts": EVERY_PART, **how})

    async def delete(self) -> None:
        await self.writer.delete(self.copy)

    async def find(self) -> EventPlace | None:
        return await self.writer.find(self.copy)

    def asked(self, since: int = 0) -> list[tuple[str, str]]:
        """Method and path of what has reached iCloud."""
        return [
            (one.method, one.path)
            for one in list(self.world.traffic.requests)[since:]
            if one.surface == "icloud"
        ]


@asynccontextmanager
async def desk_on(sandbox: Sandbox, person: str = "ida", calendar: str | None = None) -> AsyncIterator[Desk]:
    """Nothing is written yet."""
    async with dav_on(sandbox.icloud_url, sandbox.ca_file) as dav:
        world = sandbox.world
        proved = await dav.passwords.prove(world.people.get(person).email, world.icloud.passwords.of(person))
        copy = EventCopy(
            account_id=dav.connect(proved.grant),
            calendar_id=CalendarId("calendar-1"),
            remote_calendar_id=id_at_apple(world, person, calendar),
            mark=MARK,
            times=(SLOT,),
        )
        writer = AppleEventWriter(
            client=dav.client,
            discovery=dav.discovery,
            grants=AppleGrants(vault=dav.store.vault),
            clock=dav.clock,
        )
        world.traffic.requests.clear()
        yield Desk(dav, sandbox, writer, copy, person)


async def booked(desk: Desk) -> Desk:
    """The session's event is written."""
    return desk.at(await desk.create())


def id_at_apple(world: World, person: str, calendar: str | None = None) -> str:
    """Of the primary calendar, if none is named."""
    return paths.name_of(world.people.get(person), world.calendars.get(person, calendar))
