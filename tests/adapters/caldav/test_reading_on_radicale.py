"""Reading on a server that nobody here wrote, which sends whole events whatever is named."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date

import pytest
import pytest_asyncio

from adapters.caldav.calendar_reader import AppleCalendarReader
from adapters.caldav.grants import first_grant
from domain.access import CalendarGone
from domain.blocking import CalendarEntry, Days
from domain.interval import Interval
from tests.adapters.caldav.builders import calendar as text
from tests.adapters.caldav.reading import WEEK, at, busy, hour, reader_on
from tests.builders import MARK, a_readable_calendar
from tests.support.caldav import OpenDav, dav_on
from tests.support.canaries import canary
from tests.support.radicale import PRINCIPAL, Radicale, RadicalePerson, radicale

__all__ = ["radicale"]

LOOK, QUERY = ("read_tags", "2xx"), ("read_view", "2xx")
STAMP = "DTSTAMP:20310101T000000Z"
TIMES = ("DTSTART:20310506T090000Z", "DTEND:20310506T100000Z", STAMP)


@pytest_asyncio.fixture
async def dav(radicale: Radicale) -> AsyncIterator[OpenDav]:
    async with dav_on(radicale.url, principal=PRINCIPAL) as opened:
        yield opened


@pytest.fixture
def anna(radicale: Radicale) -> RadicalePerson:
    person = radicale.person("anna")
    person.make_calendar("home")
    return person


async def _connect(dav: OpenDav, person: RadicalePerson) -> AppleCalendarReader:
    dav.connect(first_grant(person.login, await dav.discovery.walk(person.login)))
    dav.meter.requests.clear()
    return reader_on(dav)


async def _read(
    reader: AppleCalendarReader, calendar: str = "home", window: Interval = WEEK
) -> tuple[CalendarEntry, ...]:
    return await reader.read_entries("account", a_readable_calendar(calendar), window)  # type: ignore[arg-type]


async def test_events_of_every_kind_are_read(dav: OpenDav, anna: RadicalePerson) -> None:
    anna.put("home", "a.ics", text(*TIMES, f"SUMMARY:{canary('title')}", uid="a"))
    anna.put("home", "b.ics", text("DTSTART;VALUE=DATE:20310508", STAMP, uid="b"))
    anna.put(
        "home",
        "c.ics",
        text("DTSTART:20250106T140000Z", "DTEND:20250106T150000Z", STAMP, "RRULE:FREQ=WEEKLY", uid="c"),
    )
    anna.put("home", "d.ics", text(*(line.replace("0506", "0706") for line in TIMES), uid="d"))
    reader = await _connect(dav, anna)
    entries = await _read(reader)
    assert busy(entries) == (hour(5, 14), hour(6, 9), Interval(at(8, 0), at(9, 0)))
    assert Days(date(2031, 5, 8), date(2031, 5, 9)) in {entry.when for entry in entries}
    assert dav.meter.requests == [LOOK, QUERY]


async def test_our_own_events_keep_their_marks(dav: OpenDav, anna: RadicalePerson) -> None:
    anna.put("home", f"{MARK}.ics", text(*TIMES, uid=MARK))
    (entry,) = await _read(await _connect(dav, anna))
    assert (entry.mark, entry.remote_id) == (MARK, f"{MARK}.ics")


async def test_what_has_not_changed_takes_one_look(dav: OpenDav, anna: RadicalePerson) -> None:
    anna.make_calendar("team")
    reader = await _connect(dav, anna)
    await asyncio.gather(_read(reader), _read(reader, "team"))
    dav.meter.requests.clear()
    await asyncio.gather(_read(reader), _read(reader, "team"))
    assert dav.meter.requests == [LOOK]
    anna.put("team", "a.ics", text(*TIMES, uid="a"))
    home, team = await asyncio.gather(_read(reader), _read(reader, "team"))
    assert (busy(home), busy(team)) == ((), (hour(6, 9),))


async def test_a_calendar_that_can_only_be_read_is_read(dav: OpenDav, anna: RadicalePerson) -> None:
    anna.make_read_only_calendar("read-only-birthdays")
    assert await _read(await _connect(dav, anna), "read-only-birthdays") == ()


async def test_a_calendar_that_was_deleted_is_gone(dav: OpenDav, anna: RadicalePerson) -> None:
    reader = await _connect(dav, anna)
    assert await _read(reader) == ()
    anna.delete("home")
    with pytest.raises(CalendarGone):
        await _read(reader)


async def test_two_people_see_their_own(dav: OpenDav, radicale: Radicale, anna: RadicalePerson) -> None:
    jonas = radicale.person("jonas")
    jonas.make_calendar("home")
    anna.put("home", "a.ics", text(*TIMES, uid="a"))
    assert len(await _read(await _connect(dav, anna))) == 1
    assert await _read(await _connect(dav, jonas)) == ()
