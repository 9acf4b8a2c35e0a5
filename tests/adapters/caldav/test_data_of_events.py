"""What a query brings of events: no more than is named, nothing that stays, and never less without a failure."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from adapters.caldav.calendar_reader import AppleCalendarReader
from domain.access import InvalidAnswer
from domain.blocking import CalendarEntry
from tests.adapters.caldav.builders import calendar as event_text
from tests.adapters.caldav.icloud_answers import HOME, icloud
from tests.adapters.caldav.reading import WEEK, Chair, reader_on
from tests.adapters.caldav.test_calendar_directory import grant
from tests.adapters.web.scripted_server import ScriptedServer
from tests.builders import MARK, a_readable_calendar
from tests.support.caldav import OpenDav, answer, calendar_data, response
from tests.support.canaries import Places, canary

TIMES = ("DTSTART:20310506T090000Z", "DTEND:20310506T100000Z")
CALENDAR = f"{HOME}home/"
MISSING = '<calendar-data xmlns="urn:ietf:params:xml:ns:caldav"/>'


@pytest.mark.parametrize("named", ["honoured", "ignored"])
async def test_titles_end_where_they_are_read(
    chair: Chair, caplog: pytest.LogCaptureFixture, named: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = {name: canary(name) for name in ("title", "notes", "place", "guest", "uid")}
    chair.world.icloud.settings.named_properties = named
    told = (f"SUMMARY:{secrets['title']}", f"DESCRIPTION:{secrets['notes']}", f"LOCATION:{secrets['place']}")
    guest = f"ATTENDEE;CN={secrets['guest']};PARTSTAT=DECLINED:mailto:{secrets['guest']}@example.com"
    chair.put(event_text(*TIMES, *told, guest, uid=secrets["uid"]))
    chair.put(event_text(*TIMES, *told, guest, "RRULE:FREQ=NEVER", uid=f"odd{secrets['uid']}"))
    places = Places()
    places.add("entries", await chair.read())
    chair.world.faults.add(surface="icloud", kind="truncate", method="REPORT", times=None)
    with pytest.raises(InvalidAnswer) as caught:
        await chair.read(window=WEEK.widened(timedelta(days=30)))
    places.add("error", f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}")
    places.add("log", caplog.text)
    places.add("log records", [vars(one) for one in caplog.records])
    assert places.with_any_of(secrets) == []

    left = {name for name in chair.world.traffic.properties() if name.startswith("calendar-data.VEVENT.")}
    came = {
        "calendar-data.VEVENT.SUMMARY",
        "calendar-data.VEVENT.DESCRIPTION",
        "calendar-data.VEVENT.LOCATION",
    }
    assert left & came == (set() if named == "honoured" else came)
    if named == "ignored":
        chair.world.traffic.clear()  # more than the service asks for came, as was ordered


async def _read(dav: OpenDav, reader: AppleCalendarReader) -> tuple[CalendarEntry, ...]:
    account = dav.connect(grant())
    return await reader.read_entries(account, a_readable_calendar("home"), WEEK)


def _playing(server: ScriptedServer, *, whole: str, named: str) -> list[str]:
    """Queries are answered by these responses; the forms they had are noted. So does Xandikos, which brings nothing of
    an event that lacks one of the named properties."""
    world, forms = icloud(), list[str]()

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.method != "REPORT":
            return await world._answer(request)
        form = "named" if b"<c:comp " in await request.read() else "whole"
        forms.append(form)
        return answer(whole if form == "whole" else named)

    server.handler = handle
    return forms


def _event(data: str, name: str = "a.ics") -> str:
    return response(f"{CALENDAR}{name}", data)


WHOLE = _event(calendar_data(event_text(*TIMES)))
NOTHING = response(f"{CALENDAR}b.ics", '<getetag xmlns="DAV:">1</getetag>', missing=MISSING)


async def test_a_server_that_cannot_name_properties_is_asked_for_whole_events(
    server: ScriptedServer, dav: OpenDav, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    reader, forms = reader_on(dav), _playing(server, whole=WHOLE, named=WHOLE + NOTHING)
    assert len(await _read(dav, reader)) == 1
    assert forms == ["named", "whole"]
    assert "can't name properties" in caplog.text


async def test_which_form_works_is_remembered_for_a_day(server: ScriptedServer, dav: OpenDav) -> None:
    reader, forms = reader_on(dav), _playing(server, whole=WHOLE, named=NOTHING)
    for hours in (1, 22, 2):
        await _read(dav, reader)
        dav.clock.advance(timedelta(hours=hours))
    assert forms == ["named", "whole", "whole", "whole"]
    await _read(dav, reader)
    assert forms[4:] == ["named", "whole"]


@pytest.mark.parametrize("whole", [NOTHING, WHOLE + NOTHING])
async def test_an_event_without_data_leaves_the_calendar_unread(
    server: ScriptedServer, dav: OpenDav, whole: str
) -> None:
    reader, forms = reader_on(dav), _playing(server, whole=whole, named=WHOLE + NOTHING)
    for _ in range(2):
        with pytest.raises(InvalidAnswer):
            await _read(dav, reader)
    assert forms == ["named", "whole"] * 2, "what failed is not remembered to work"


@pytest.mark.parametrize(
    "status",
    ["404 Not Found", "500 Internal Server Error", "403 Forbidden", "507 Insufficient Storage"],
)
async def test_an_error_inside_leaves_the_calendar_unread(
    server: ScriptedServer, dav: OpenDav, status: str
) -> None:
    bad = response(f"{CALENDAR}b.ics", status=status)
    _playing(server, whole=WHOLE + bad, named=WHOLE + bad)
    with pytest.raises(InvalidAnswer):
        await _read(dav, reader_on(dav))


@pytest.mark.parametrize("href", ["/1234567890/calendars/other/a.ics", "a b.ics", "/../a.ics"])
async def test_an_event_elsewhere_blocks_and_is_nobodys(
    server: ScriptedServer, dav: OpenDav, href: str
) -> None:
    event = response(href, calendar_data(event_text(*TIMES)))
    _playing(server, whole=event, named=event)
    (entry,) = await _read(dav, reader_on(dav))
    assert (entry.blocks(tentative=False), entry.mark, entry.remote_id) == (True, None, None)


async def test_one_of_ours_in_another_calendar_is_not_ours_here(server: ScriptedServer, dav: OpenDav) -> None:
    event = response(f"{HOME}other/{MARK}.ics", calendar_data(event_text(*TIMES, uid=MARK)))
    _playing(server, whole=event, named=event)
    (entry,) = await _read(dav, reader_on(dav))
    assert (entry.mark, entry.remote_id) == (None, None)
