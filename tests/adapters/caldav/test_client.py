"""Requests to a CalDAV server: what goes out, what is tried again, and what is believed."""

import asyncio
import base64
import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from aiohttp import web

from adapters.caldav.client import DavClient
from adapters.caldav.elements import DAV
from adapters.caldav.errors import DavRefusal, Fault
from adapters.caldav.login import Login
from adapters.caldav.multistatus import Resource
from adapters.caldav.questions import propfind_for
from domain.access import InvalidAnswer, ProviderUnavailable
from tests.adapters.web.scripted_server import ScriptedServer
from tests.support.caldav import ANNA, OpenDav, answer, calendar_data, dav_on, etag, multistatus, response

ETAG = f"{DAV}getetag"
NO_PAUSES = (timedelta(), timedelta())
PATH = "/1/calendars/home/"
EVENT = f"{PATH}A.ics"


def script(server: ScriptedServer, *answers: Callable[[], web.Response]) -> None:
    """These in turn, and the last one ever after."""

    async def handler(request: web.Request) -> web.Response:
        return answers[min(len(server.asked), len(answers)) - 1]()

    server.handler = handler


def status(code: int, body: str = "", **headers: str) -> Callable[[], web.Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: web.Response(status=code, text=body, headers=named)


def found() -> web.Response:
    return answer(response(PATH, etag("1")))


async def ask(client: DavClient, login: Login = ANNA) -> str | None:
    return (await client.resource(login, PATH, propfind_for(ETAG), kind="find_event")).text(ETAG)


async def query(client: DavClient, digest: Callable[[Resource], str | None]) -> list[str]:
    return await client.report(ANNA, PATH, b"<x/>", lambda: digest, kind="read_view")


def href_of(resource: Resource) -> str:
    return resource.href


async def test_a_question_has_a_depth_and_the_password(server: ScriptedServer, dav: OpenDav) -> None:
    script(server, found)
    assert await ask(dav.client) == "1"
    (asked,) = server.asked
    assert (asked.method, asked.raw_path, asked.headers["Depth"]) == ("PROPFIND", PATH, "0")
    assert asked.headers["Content-Type"] == 'application/xml; charset="utf-8"'
    credentials = base64.b64decode(asked.headers["Authorization"].removeprefix("Basic "))
    assert credentials == b"anna@example.com:abcd-efgh-ijkl-mnop"


async def test_the_password_is_sent_as_utf_8(server: ScriptedServer, dav: OpenDav) -> None:
    script(server, found)
    await ask(
        dav.client, Login(username="zo\N{LATIN SMALL LETTER E WITH DIAERESIS}", password="\N{EURO SIGN}")
    )
    sent = server.asked[0].headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(sent).decode() == "zo\N{LATIN SMALL LETTER E WITH DIAERESIS}:\N{EURO SIGN}"


@pytest.mark.parametrize("username", ["anna:secret", "anna\n", "anna\ud83d"])
async def test_a_name_that_basic_authentication_can_not_carry_is_not_sent(
    server: ScriptedServer, dav: OpenDav, username: str
) -> None:
    with pytest.raises(DavRefusal) as caught:
        await ask(dav.client, Login(username=username, password="x"))
    assert (caught.value.fault, server.asked) == (Fault.PASSWORD, [])


async def test_a_query_asks_for_members(server: ScriptedServer, dav: OpenDav) -> None:
    script(server, lambda: answer(response("/a"), response("/b")))
    assert await query(dav.client, href_of) == ["/a", "/b"]
    assert (server.asked[0].method, server.asked[0].headers["Depth"]) == ("REPORT", "1")


async def test_of_a_query_only_what_is_made_of_it_is_kept(server: ScriptedServer, dav: OpenDav) -> None:
    script(server, lambda: answer(response("/a"), response("/b")))
    assert await query(dav.client, lambda one: "kept" if one.href == "/b" else None) == ["kept"]


async def test_a_query_is_read_off_the_event_loop(server: ScriptedServer, dav: OpenDav) -> None:
    script(server, lambda: answer(response("/a")))

    def on_the_loop(_: Resource) -> str:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return "in a thread"
        return "on the loop"

    assert await query(dav.client, on_the_loop) == ["in a thread"]


async def test_a_path_is_sent_as_it_is_spelled(server: ScriptedServer, dav: OpenDav) -> None:
    script(server, found)
    path = "/anna%40example.com/a%7Eb%2Fc/"
    await dav.client.resource(ANNA, path, b"<x/>", kind="find_event")
    assert server.asked[0].raw_path == path


@pytest.mark.parametrize("depth", [0, 1])
async def test_an_answer_about_nothing_is_none(server: ScriptedServer, dav: OpenDav, depth: int) -> None:
    script(server, answer)
    with pytest.raises(InvalidAnswer):
        await dav.client.propfind(ANNA, PATH, b"<x/>", depth=1 if depth else 0, kind="list_calendars")


async def test_that_nothing_is_there_may_be_said_inside_the_answer(
    server: ScriptedServer, dav: OpenDav
) -> None:
    script(server, lambda: answer(response(EVENT, status="404 Not Found")), status(404))
    for _ in range(2):
        with pytest.raises(DavRefusal) as caught:
            await ask(dav.client)
        assert caught.value.fault is Fault.GONE


async def test_an_answer_that_was_cut_short_by_the_server_is_no_answer(
    server: ScriptedServer, dav: OpenDav
) -> None:
    script(server, lambda: answer(response("/a"), response(PATH, status="507 Insufficient Storage")))
    with pytest.raises(InvalidAnswer):
        await query(dav.client, href_of)


@pytest.mark.parametrize("told", ["403 Forbidden", "500 Oops"])
async def test_a_query_that_leaves_something_out_is_no_answer(
    server: ScriptedServer, dav: OpenDav, told: str
) -> None:
    script(server, lambda: answer(response("/a"), response("/b", status=told)))
    with pytest.raises(InvalidAnswer):
        await query(dav.client, href_of)


async def test_a_query_may_tell_that_a_member_is_gone(server: ScriptedServer, dav: OpenDav) -> None:
    script(server, lambda: answer(response("/a"), response("/b", status="404 Not Found")))
    assert await query(dav.client, href_of) == ["/a", "/b"]


async def test_a_calendar_that_is_gone_may_be_told_inside_the_answer(
    server: ScriptedServer, dav: OpenDav
) -> None:
    script(server, lambda: answer(response("https://p1-caldav.icloud.com" + PATH, status="404 Not Found")))
    with pytest.raises(DavRefusal) as caught:
        await query(dav.client, href_of)
    assert caught.value.fault is Fault.GONE


NONSENSE = {
    "a page": status(200, "<html>Sign in</html>"),
    "a page inside a 207": status(207, "<html>Sign in</html>"),
    "a 200 instead of a 207": lambda: web.Response(status=200, body=multistatus(response("/a"))),
    "JSON": status(207, "{}"),
    "nothing": status(204),
    "cut off": lambda: web.Response(status=207, body=multistatus(response("/a"))[:-5]),
    "a doctype": status(207, '<!DOCTYPE x><multistatus xmlns="DAV:"/>'),
    "a redirect to nowhere": status(302),
    "a redirect for a GET": status(303, Location="/elsewhere/"),
}


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE)
async def test_nothing_is_concluded_from_an_answer_against_the_protocol(
    server: ScriptedServer, dav: OpenDav, nonsense: Callable[[], web.Response]
) -> None:
    script(server, nonsense)
    with pytest.raises(InvalidAnswer):
        await query(dav.client, href_of)
    with pytest.raises(InvalidAnswer):
        await ask(dav.client)


async def test_an_answer_beyond_all_measure_is_not_read(server: ScriptedServer) -> None:
    script(server, lambda: answer(response("/a", calendar_data("x" * 5_000))))
    async with dav_on(server.url, server.ca_file, largest_answer=2_000) as dav:
        with pytest.raises(InvalidAnswer):
            await query(dav.client, href_of)


@pytest.mark.parametrize("code", [500, 502, 504])
async def test_a_read_is_tried_again_when_the_failure_passes(server: ScriptedServer, code: int) -> None:
    script(server, status(code), status(code), found)
    async with dav_on(server.url, server.ca_file, retry_pauses=NO_PAUSES) as dav:
        assert await ask(dav.client) == "1"
    assert len(server.asked) == 3


def cut_once(server: ScriptedServer) -> None:
    """The first answer ends after the first of its two resources."""
    whole = multistatus(response("/a"), response("/b"))

    async def handler(request: web.Request) -> web.StreamResponse:
        if len(server.asked) > 1:
            return web.Response(status=207, body=whole)
        cut = web.StreamResponse(status=207, headers={"Content-Length": str(len(whole))})
        await cut.prepare(request)
        await cut.write(whole[:-20])
        assert request.transport is not None
        request.transport.close()
        return cut

    server.handler = handler


async def test_a_try_that_broke_half_way_leaves_nothing_behind(server: ScriptedServer) -> None:
    cut_once(server)
    async with dav_on(server.url, server.ca_file, retry_pauses=NO_PAUSES) as dav:
        assert await query(dav.client, href_of) == ["/a", "/b"]


async def test_each_try_begins_with_a_digest_of_its_own(server: ScriptedServer) -> None:
    cut_once(server)
    tries: list[list[str]] = []

    def begin() -> Callable[[Resource], None]:
        tries.append([])
        seen = tries[-1]
        return lambda resource: seen.append(resource.href)

    async with dav_on(server.url, server.ca_file, retry_pauses=NO_PAUSES) as dav:
        await dav.client.report(ANNA, PATH, b"<x/>", begin, kind="read_view")
    assert len(tries) == 2
    assert tries[1] == ["/a", "/b"]


async def test_a_read_gives_up_after_three_tries(server: ScriptedServer) -> None:
    script(server, status(500))
    async with dav_on(server.url, server.ca_file, retry_pauses=NO_PAUSES) as dav:
        with pytest.raises(DavRefusal) as caught:
            await ask(dav.client)
    assert (len(server.asked), caught.value.fault) == (3, Fault.UNAVAILABLE)


@pytest.mark.parametrize("code", [401, 403, 404, 429, 503])
async def test_a_refusal_is_not_asked_for_again_at_once(server: ScriptedServer, code: int) -> None:
    script(server, status(code))
    async with dav_on(server.url, server.ca_file, retry_pauses=NO_PAUSES) as dav:
        with pytest.raises(DavRefusal):
            await ask(dav.client)
    assert len(server.asked) == 1


async def test_a_write_is_never_sent_twice(server: ScriptedServer) -> None:
    script(server, status(500))
    async with dav_on(server.url, server.ca_file, retry_pauses=NO_PAUSES) as dav:
        with pytest.raises(DavRefusal):
            await dav.client.put(ANNA, EVENT, b"x", condition={"If-None-Match": "*"}, kind="create_event")
        with pytest.raises(DavRefusal):
            await dav.client.delete(ANNA, EVENT, kind="delete_event")
    assert len(server.asked) == 2


@pytest.mark.parametrize("code", [200, 201, 204])
async def test_an_event_is_stored_under_its_condition(
    server: ScriptedServer, dav: OpenDav, code: int
) -> None:
    script(server, status(code))
    await dav.client.put(ANNA, EVENT, b"BEGIN", condition={"If-None-Match": "*"}, kind="create_event")
    (asked,) = server.asked
    assert (asked.method, asked.headers["If-None-Match"], await asked.read()) == ("PUT", "*", b"BEGIN")
    assert asked.headers["Content-Type"] == "text/calendar; charset=utf-8"


@pytest.mark.parametrize("code", [202, 207])
async def test_a_success_of_another_kind_is_no_word_about_an_event(
    server: ScriptedServer, dav: OpenDav, code: int
) -> None:
    script(server, status(code))
    with pytest.raises(InvalidAnswer):
        await dav.client.put(ANNA, EVENT, b"x", condition={"If-Match": "*"}, kind="change_event")
    with pytest.raises(InvalidAnswer):
        await dav.client.delete(ANNA, EVENT, kind="delete_event")


async def test_a_calendar_can_not_be_deleted_or_written_over(server: ScriptedServer, dav: OpenDav) -> None:
    with pytest.raises(ValueError, match="only events"):
        await dav.client.delete(ANNA, PATH, kind="delete_event")
    with pytest.raises(ValueError, match="only events"):
        await dav.client.put(ANNA, PATH, b"x", condition={}, kind="create_event")
    assert server.asked == []


async def test_what_became_of_a_write_that_takes_too_long_is_unknown(server: ScriptedServer) -> None:
    released = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        await released.wait()
        return web.Response(status=204)

    server.handler = hang
    async with dav_on(server.url, server.ca_file, read_timeout=timedelta(milliseconds=100)) as dav:
        with pytest.raises(ProviderUnavailable) as caught:
            await dav.client.delete(ANNA, EVENT, kind="delete_event")
        assert caught.value.outcome_unknown
        with pytest.raises(ProviderUnavailable) as caught:
            await ask(dav.client)
        assert not caught.value.outcome_unknown
        released.set()


async def test_a_server_that_does_not_answer_is_an_outage() -> None:
    async with dav_on("https://localhost:1") as dav:
        with pytest.raises(ProviderUnavailable):
            await ask(dav.client)


async def test_a_server_with_an_unknown_certificate_is_not_spoken_to(server: ScriptedServer) -> None:
    async with dav_on(server.url) as dav:
        with pytest.raises(ProviderUnavailable):
            await ask(dav.client)
    assert server.asked == []


async def test_a_wish_that_is_too_short_is_doubted(server: ScriptedServer, dav: OpenDav) -> None:
    script(server, status(503, Retry_After="1"))
    pauses = []
    for _ in range(7):
        with pytest.raises(DavRefusal) as caught:
            await ask(dav.client)
        assert caught.value.retry_after is not None
        pauses.append(caught.value.retry_after.total_seconds())
        dav.clock.advance(caught.value.retry_after)
    assert pauses == [2, 4, 8, 16, 32, 64, 64]


async def test_a_longer_wish_counts(server: ScriptedServer, dav: OpenDav) -> None:
    script(server, status(429, Retry_After="300"))
    with pytest.raises(DavRefusal) as caught:
        await ask(dav.client)
    assert caught.value.retry_after == timedelta(minutes=5)


async def test_who_is_throttled_is_left_alone_and_nobody_else(server: ScriptedServer, dav: OpenDav) -> None:
    script(server, status(503, Retry_After="60"), found)
    with pytest.raises(DavRefusal):
        await ask(dav.client)
    with pytest.raises(ProviderUnavailable) as caught:
        await ask(dav.client)
    assert (caught.value.throttled, len(server.asked)) == (True, 1)
    assert await ask(dav.client, Login(username="jonas@example.com", password="x")) == "1"


async def test_so_many_at_once_are_asked_in_the_name_of_one_person(server: ScriptedServer) -> None:
    under_way, most = 0, 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return found()

    server.handler = handler
    async with dav_on(server.url, server.ca_file, at_once=2) as dav:
        await asyncio.gather(*(ask(dav.client) for _ in range(8)))
    assert most <= 2


async def test_requests_are_counted_by_kind(server: ScriptedServer, dav: OpenDav) -> None:
    script(server, found, status(429))
    await ask(dav.client)
    with pytest.raises(DavRefusal):
        await ask(dav.client)
    assert dav.meter.requests == [("find_event", "2xx"), ("find_event", "429")]


async def test_the_log_has_what_support_asks_for_and_nothing_of_the_persons(
    server: ScriptedServer, dav: OpenDav, caplog: pytest.LogCaptureFixture
) -> None:
    error = '<error xmlns="DAV:"><need-privileges/></error>'
    script(
        server, status(403, error, x_apple_request_uuid="ab-12", via="icloud:x", x_responding_instance="<p>")
    )
    with caplog.at_level(logging.DEBUG), pytest.raises(DavRefusal):
        await ask(dav.client)
    (line,) = [one for one in caplog.records if one.name == "adapters.caldav.client"]
    told = vars(line)
    assert (told["status"], told["code"], told["request"]) == (403, "need-privileges", "find_event")
    assert (told["provider_request"], told["via"]) == ("ab-12", "icloud:x")
    assert "provider_instance" not in told
    ours = [str(vars(one)) for one in caplog.records if one.name != "aiohttp.access"]  # that is the server's
    assert not any(secret in one for one in ours for secret in ("anna", "abcd-", "/1/cal"))


def test_neither_name_nor_password_is_printed() -> None:
    assert "anna" not in repr(ANNA)
    assert "abcd" not in repr(ANNA)
