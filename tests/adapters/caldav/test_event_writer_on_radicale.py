"""Writing events to a server that nobody here wrote, and that stores in its own words what it is given."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio

from adapters.caldav.event_writer import AppleEventWriter
from adapters.caldav.grants import AppleGrants, first_grant
from adapters.caldav.text_lines import plain
from domain.access import EventMissing, ProviderUnavailable
from domain.event_digest import EVERY_PART, EventPart
from domain.ids import CalendarId
from domain.session import EventCopy, EventPlace
from domain.session_details import EventColor, SessionDetails, Visibility
from sandbox.icloud.calendar_text import Component, parse
from tests.adapters.caldav.writing import DETAILS, FILE, LATER, MARK, SLOT
from tests.support.caldav import OpenDav, dav_on
from tests.support.radicale import PRINCIPAL, Radicale, RadicalePerson, radicale

__all__ = ["radicale"]

MOVED = replace(
    DETAILS,
    title="Moved",
    text="New plan",
    place="Garden",
    reminder_minutes=5,
    visibility=Visibility.PRIVATE,
    category="Coaching",
    color=EventColor.RED,
)


@dataclass(frozen=True, slots=True)
class Table:
    """A writer at Radicale, somebody with two calendars, and the copy of a session that goes to the first."""

    dav: OpenDav
    writer: AppleEventWriter
    person: RadicalePerson
    copy: EventCopy

    async def create(self) -> "Table":
        return replace(self, copy=self.copy.at(await self.writer.create(self.copy, SLOT, DETAILS)))

    async def text(self, calendar: str = "home") -> str:
        path = f"{self.person.path(calendar)}{FILE}"
        return (await self.dav.client.get(self.person.login, path, kind="test")).text.decode()

    async def event(self, calendar: str = "home") -> Component:
        (event,) = parse(await self.text(calendar)).named("VEVENT")
        return event

    async def rework(self, *lines: str) -> None:
        """Its owner puts these lines in."""
        begin = "BEGIN:VEVENT\r\n"
        text = (await self.text()).replace(begin, begin + "".join(f"{line}\r\n" for line in lines))
        path, there = f"{self.person.path('home')}{FILE}", {"If-Match": "*"}
        await self.dav.client.put(self.person.login, path, text.encode(), condition=there, kind="test")


@pytest_asyncio.fixture
async def table(radicale: Radicale) -> AsyncIterator[Table]:
    person = radicale.person("anna")
    for calendar in ("home", "a b"):
        person.make_calendar(calendar)
    async with dav_on(radicale.url, principal=PRINCIPAL) as dav:
        grant = first_grant(person.login, await dav.discovery.walk(person.login))
        writer = AppleEventWriter(
            client=dav.client,
            discovery=dav.discovery,
            grants=AppleGrants(vault=dav.store.vault),
            clock=dav.clock,
        )
        copy = EventCopy(
            account_id=dav.connect(grant),
            calendar_id=CalendarId("calendar-1"),
            remote_calendar_id="home",
            mark=MARK,
            times=(SLOT,),
        )
        yield Table(dav, writer, person, copy)


async def test_an_event_lives(table: Table) -> None:
    written = await table.create()
    assert written.copy.place == EventPlace(remote_calendar_id="home", remote_id=FILE)
    event = await table.event()
    assert event.text("UID") == MARK
    assert event.text("SUMMARY") == DETAILS.title
    assert event.text("LOCATION") == DETAILS.place
    assert event.text("DESCRIPTION") == f"{DETAILS.text}\n\n{DETAILS.join_url}"
    assert (event.text("DTSTART"), event.text("DTEND")) == ("20310506T090000Z", "20310506T100000Z")
    assert await table.writer.find(written.copy) == written.copy.place
    assert await table.writer.create(written.copy, SLOT, DETAILS) == written.copy.place
    await table.writer.update(written.copy, LATER, MOVED, parts=EVERY_PART)
    event = await table.event()
    assert (event.text("SUMMARY"), event.text("DTSTART")) == ("Moved", "20310507T090000Z")
    assert [alarm.text("TRIGGER") for alarm in event.named("VALARM")] == ["-PT5M"]
    await table.writer.delete(written.copy)
    assert await table.writer.find(written.copy) is None
    with pytest.raises(EventMissing):
        await table.writer.delete(written.copy)
    assert (await table.create()).copy.place == written.copy.place


async def test_what_its_owner_wrote_stays(table: Table) -> None:
    written = await table.create()
    await table.rework("X-COLOR:Red", 'ATTENDEE;CN="Eva: Z":mailto:eva@example.com', "X-NOTE:ä\\, b")
    before = await table.event()
    for part in EventPart:
        await table.writer.update(written.copy, LATER, MOVED, parts={part})
        after = await table.event()
        assert {one for one in EventPart if said_by(after, one) != said_by(before, one)} == {part}
        for name in ("X-COLOR", "ATTENDEE", "X-NOTE"):
            assert after.all(name) == before.all(name)
        before = after


def said_by(event: Component, part: EventPart) -> object:
    names = {
        EventPart.TIME: ("DTSTART", "DTEND"),
        EventPart.TITLE: ("SUMMARY",),
        EventPart.BODY: ("DESCRIPTION", "URL"),
        EventPart.PLACE: ("LOCATION",),
        EventPart.VISIBILITY: ("CLASS",),
        EventPart.CATEGORY: ("CATEGORIES",),
        EventPart.COLOR: ("COLOR",),
    }
    if part is EventPart.REMINDER:
        return [alarm.text("TRIGGER") for alarm in event.named("VALARM")]
    return [event.text(name) for name in names[part]]


async def test_of_eight_creations_at_once_there_is_one_event(table: Table) -> None:
    ends = await asyncio.gather(*(table.create() for _ in range(8)), return_exceptions=True)
    places = {end.copy.place for end in ends if isinstance(end, Table)}
    assert places == {EventPlace(remote_calendar_id="home", remote_id=FILE)}
    for end in ends:
        assert isinstance(end, Table) or (isinstance(end, ProviderUnavailable) and end.outcome_unknown)
    assert (await table.event()).text("DTSTART") == "20310506T090000Z"


@pytest.mark.parametrize(
    "texts",
    [
        (
            "line\r\nline\u2028line\x85line\x0bline",
            "\\n is no line end; \\, neither",
            " leading, and \ttabs\t",
        ),
        ("\N{FAMILY}" * 60 + "é" * 100, "BEGIN:VEVENT\nEND:VEVENT\nUID:x", "bell\x07 \ufffe half \ud83d"),
    ],
)
async def test_any_text_comes_back_as_it_was_written(table: Table, texts: tuple[str, str, str]) -> None:
    title, text, place = texts
    await table.writer.create(table.copy, SLOT, SessionDetails(title=title, text=text, place=place))
    event = await table.event()
    for name, written in zip(("SUMMARY", "DESCRIPTION", "LOCATION"), texts, strict=True):
        assert event.text(name) == plain(written)
