"""Writing events to a server that nobody here wrote, and that stores in its own words what it is given."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio

from adapters.caldav.event_writer import AppleEventWriter
from adapters.caldav.grants import AppleGrants, first_grant
from adapters.caldav.text_lines import plain
from domain.access import AccessDenied, CalendarGone, EventMissing, ProviderUnavailable
from domain.event_digest import EVERY_PART, EventPart
from domain.ids import CalendarId
from domain.session import EventCopy, EventPlace
from sandbox.icloud.calendar_text import Component, parse
from tests.adapters.caldav.writing import DETAILS, FILE, LATER, MARK, SLOT
from tests.support.caldav import OpenDav, dav_on
from tests.support.radicale import PRINCIPAL, Radicale, RadicalePerson, radicale

__all__ = ["radicale"]

MOVED = replace(DETAILS, title="Moved", text="New plan", place="Garden", reminder_minutes=5)


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

    async def move(self, calendar: str) -> None:
        """Its owner does."""
        text = await self.text()
        await self.dav.client.delete(self.person.login, f"{self.person.path('home')}{FILE}", kind="test")
        self.person.put(calendar, FILE, text)


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


@pytest.mark.parametrize("part", EventPart)
async def test_what_its_owner_wrote_stays(table: Table, part: EventPart) -> None:
    written = await table.create()
    await table.rework("CATEGORIES:Red", 'ATTENDEE;CN="Eva: Z":mailto:eva@example.com', "X-NOTE:ä\\, b")
    before = await table.event()
    await table.writer.update(written.copy, LATER, MOVED, parts={part})
    after = await table.event()
    changed = {one for one in EventPart if said_by(after, one) != said_by(before, one)}
    assert changed == {part}
    for name in ("CATEGORIES", "ATTENDEE", "X-NOTE"):
        assert after.all(name) == before.all(name)


def said_by(event: Component, part: EventPart) -> object:
    names = {
        EventPart.TIME: ("DTSTART", "DTEND"),
        EventPart.TITLE: ("SUMMARY",),
        EventPart.BODY: ("DESCRIPTION", "URL"),
        EventPart.PLACE: ("LOCATION",),
    }
    if part is EventPart.REMINDER:
        return [alarm.text("TRIGGER") for alarm in event.named("VALARM")]
    return [event.text(name) for name in names[part]]


async def test_an_event_is_followed_into_another_calendar(table: Table) -> None:
    written = await table.create()
    await table.move("a b")
    with pytest.raises(EventMissing):
        await table.writer.update(written.copy, LATER, MOVED, parts=EVERY_PART)
    place = await table.writer.find(written.copy)
    assert place == EventPlace(remote_calendar_id="a b", remote_id=FILE)
    await table.writer.update(written.copy.at(place), LATER, MOVED, parts=EVERY_PART)
    assert (await table.event("a b")).text("SUMMARY") == "Moved"


async def test_of_eight_creations_at_once_there_is_one_event(table: Table) -> None:
    ends = await asyncio.gather(*(table.create() for _ in range(8)), return_exceptions=True)
    places = {end.copy.place for end in ends if isinstance(end, Table)}
    assert places == {EventPlace(remote_calendar_id="home", remote_id=FILE)}
    for end in ends:
        assert isinstance(end, Table) or (isinstance(end, ProviderUnavailable) and end.outcome_unknown)
    assert (await table.event()).text("DTSTART") == "20310506T090000Z"


async def test_a_calendar_that_can_only_be_read_denies_writing(table: Table) -> None:
    table.person.make_read_only_calendar("read-only-birthdays")
    with pytest.raises(AccessDenied):
        await replace(table, copy=replace(table.copy, remote_calendar_id="read-only-birthdays")).create()


async def test_a_calendar_that_is_gone_is_told(table: Table) -> None:
    written = await table.create()
    table.person.delete("home")
    for step in (table.create(), table.writer.find(written.copy)):
        with pytest.raises(CalendarGone):
            await step
    with pytest.raises(EventMissing):
        await table.writer.update(written.copy, LATER, MOVED, parts=EVERY_PART)


@pytest.mark.parametrize(
    "text",
    [
        "line\r\nline\u2028line\x85line\x0bline",
        "\\n is no line end; \\, neither",
        "\N{FAMILY}" * 60 + "é" * 100,
        " leading, and \ttabs\t",
        "BEGIN:VEVENT\nEND:VEVENT\nUID:x",
        "bell\x07 \ufffe half \ud83d",
        '"quotes": colons; a=b',
    ],
)
async def test_any_text_comes_back_as_it_was_written(table: Table, text: str) -> None:
    details = replace(DETAILS, title=text, text=text, place=text, join_url="")
    await table.writer.create(table.copy, SLOT, details)
    event = await table.event()
    for name in ("SUMMARY", "DESCRIPTION", "LOCATION"):
        assert event.text(name) == plain(text)
