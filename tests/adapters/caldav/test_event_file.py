"""What is asked of one event's file, and which answers are believed, however servers word them."""

import re
from typing import Any

import pytest
from aiohttp import web

from adapters.caldav.errors import DavRefusal, Fault
from adapters.caldav.event_file import EventFile, Version
from adapters.caldav.listed_calendars import CalendarHome
from domain.access import InvalidAnswer
from tests.adapters.caldav.builders import calendar
from tests.adapters.caldav.writing import FILE, LATER, MARK, SLOT
from tests.adapters.web.scripted_server import ScriptedServer
from tests.support.caldav import ANNA, OpenDav, answer, calendar_data, etag, response

HOME = "/1/calendars/"
PATH = f"{HOME}a%20b/{FILE}"
TIMES = ("DTSTART:20310506T090000Z", "DTEND:20310506T100000Z")
STORED: dict[str, Any] = {
    "text": calendar(*TIMES, "SUMMARY:Ours", uid=MARK),
    "content_type": "text/calendar",
    "headers": {"ETag": '"1"'},
}


def file(dav: OpenDav) -> EventFile:
    home = CalendarHome(login=ANNA, principal="/1/principal/", home=HOME)
    return EventFile(client=dav.client, home=home, remote_calendar_id="a b", file=FILE)


def script(server: ScriptedServer, **answers: Any) -> None:
    """By method; a stored event is what `web.Response` takes."""

    async def handler(request: web.Request) -> web.Response:
        made = answers[request.method]
        return web.Response(**made) if isinstance(made, dict) else answer(*made)

    server.handler = handler


def told(*lines: str, uid: str = MARK, href: str = PATH) -> list[str]:
    return [response(href, etag('"1"') + calendar_data(calendar(*lines, uid=uid)))]


async def test_it_is_read_as_it_is_stored(server: ScriptedServer, dav: OpenDav) -> None:
    script(server, GET=STORED)
    assert await file(dav).read(len) == Version(etag='"1"', made=len(STORED["text"]))
    (asked,) = server.asked
    assert (asked.raw_path, asked.headers["Accept-Encoding"]) == (PATH, "identity")


async def test_bytes_that_are_no_text_are_read_all_the_same(server: ScriptedServer, dav: OpenDav) -> None:
    odd = b"X-ODD:\xff\xfe\r\n"
    script(server, GET={"body": odd, "content_type": "text/calendar", "headers": {"ETag": '"1"'}})
    read = await file(dav).read(lambda text: text.encode(errors="surrogateescape"))
    assert read.made == odd


async def test_a_version_that_was_weakened_on_the_way_is_as_it_was(
    server: ScriptedServer, dav: OpenDav
) -> None:
    script(server, GET=STORED | {"headers": {"ETag": 'W/"1"'}})
    assert (await file(dav).read(len)).etag == '"1"'


@pytest.mark.parametrize(
    "spoilt",
    [
        {"headers": {}},
        {"headers": {"ETag": ""}},
        {"headers": {"ETag": "x" * 300}},
        {"content_type": "text/html"},
        {"status": 204},
        {"status": 207},
    ],
)
async def test_what_is_no_event_with_a_version_is_not_believed(
    server: ScriptedServer, dav: OpenDav, spoilt: dict[str, Any]
) -> None:
    script(server, GET=STORED | spoilt)
    with pytest.raises(InvalidAnswer):
        await file(dav).read(len)


@pytest.mark.parametrize("status", [403, 405, 400])
async def test_where_a_get_is_refused_its_calendar_is_asked_for_it(
    server: ScriptedServer, dav: OpenDav, status: int
) -> None:
    script(server, GET={"status": status}, REPORT=told(*TIMES))
    read = await file(dav).read(lambda text: TIMES[0] in text)
    assert read == Version(etag='"1"', made=True)
    assert b"<c:calendar-data/>" in await server.asked[1].read()


async def test_where_a_get_is_refused_and_the_calendar_does_not_know_it_is_gone(
    server: ScriptedServer, dav: OpenDav
) -> None:
    script(server, GET={"status": 403}, REPORT=[])
    with pytest.raises(DavRefusal) as caught:
        await file(dav).read(len)
    assert caught.value.fault is Fault.GONE


@pytest.mark.parametrize(
    "found",
    [
        [response(PATH, etag('"1"'), missing=calendar_data(""))],
        [response(PATH, calendar_data(calendar(*TIMES)), missing=etag(""))],
    ],
)
async def test_half_of_an_event_is_none(server: ScriptedServer, dav: OpenDav, found: list[str]) -> None:
    script(server, GET={"status": 403}, REPORT=found)
    with pytest.raises(InvalidAnswer):
        await file(dav).read(len)


@pytest.mark.parametrize(
    ("found", "is_shown"),
    [
        (told(*TIMES), True),
        (told("DTSTART;TZID=Europe/Berlin:20310506T110000", "DURATION:PT1H"), True),
        (told(*TIMES, href=f"https://p37-caldav.icloud.com:443{PATH}"), True),
        (told("DTSTART:20310506T090030Z", "DTEND:20310506T100000Z"), True),
        (told("DTSTART:20310506T090100Z", "DTEND:20310506T100000Z"), False),
        (told("DTSTART:20310506T090000Z"), False),
        (told("DTSTART;VALUE=DATE:20310506"), False),
        (told("DTSTART:soon", "DTEND:20310506T100000Z"), False),
        (told(*TIMES, "RECURRENCE-ID:20310506T090000Z"), False),
        (told(*TIMES, uid="another"), False),
        (told(*TIMES, href=f"{HOME}a%20b/another.ics"), False),
        ([response(PATH, status="404 Not Found")], False),
        ([], False),
    ],
)
async def test_only_this_event_at_these_times_is_what_was_written(
    server: ScriptedServer, dav: OpenDav, found: list[str], *, is_shown: bool
) -> None:
    script(server, REPORT=found)
    assert await file(dav).shows(MARK, SLOT) is is_shown
    (asked,) = server.asked
    body = (await asked.read()).decode()
    assert (asked.raw_path, body.count("<d:href>"), PATH in body) == (f"{HOME}a%20b/", 1, True)
    assert re.findall('c:prop name="(.+?)"', body) == ["VERSION", "UID", "DTSTART", "DTEND"]


async def test_where_no_time_was_set_none_is_asked_for(server: ScriptedServer, dav: OpenDav) -> None:
    script(server, REPORT=told())
    assert await file(dav).shows(MARK, None)
    body = (await server.asked[0].read()).decode()
    assert re.findall('c:prop name="(.+?)"', body) == ["VERSION", "UID"]


async def test_a_server_that_tells_nothing_by_names_is_asked_for_all_of_it(
    server: ScriptedServer, dav: OpenDav
) -> None:
    script(server, REPORT=[response(PATH, etag('"1"'), missing=calendar_data(""))], GET=STORED)
    assert await file(dav).shows(MARK, SLOT)
    assert not await file(dav).shows(MARK, LATER)
    assert [one.method for one in server.asked] == ["REPORT", "GET"] * 2


@pytest.mark.parametrize(
    "found",
    [
        [response(f"{HOME}a%20b/another.ics", etag('"1"'))],
        [response(PATH, "", missing=etag(""))],
        [response(PATH, etag('"1"')), response(HOME, etag('"1"'))],
    ],
)
async def test_an_answer_about_something_else_proves_nothing(
    server: ScriptedServer, dav: OpenDav, found: list[str]
) -> None:
    script(server, PROPFIND=found)
    with pytest.raises(InvalidAnswer):
        await file(dav).exists()


@pytest.mark.parametrize(
    ("found", "is_there"),
    [
        ([response(PATH, etag('"1"'))], True),
        ([response(PATH, status="404 Not Found")], False),
        ([response(PATH, "", missing=etag(""))], False),
        ([], False),
    ],
)
async def test_its_calendar_tells_of_it_or_leaves_it_out(
    server: ScriptedServer, dav: OpenDav, found: list[str], *, is_there: bool
) -> None:
    script(server, REPORT=found)
    assert await file(dav).is_told_of() is is_there
    assert b"calendar-data" not in await server.asked[0].read()


@pytest.mark.parametrize(("status", "asked"), [(204, ["DELETE"]), (200, ["DELETE", "PROPFIND"])])
async def test_a_removal_is_looked_into_unless_the_protocol_says_it_is_done(
    server: ScriptedServer, dav: OpenDav, status: int, asked: list[str]
) -> None:
    script(server, DELETE={"status": status}, PROPFIND=[response(PATH, status="404 Not Found")])
    await file(dav).delete()
    assert [one.method for one in server.asked] == asked


async def test_a_removal_that_left_it_there_is_none(server: ScriptedServer, dav: OpenDav) -> None:
    script(server, DELETE={"status": 200}, PROPFIND=[response(PATH, etag('"1"'))])
    with pytest.raises(InvalidAnswer):
        await file(dav).delete()
