"""Throttling and faults."""

import asyncio
from typing import Any

import aiohttp
import pytest

from sandbox import Sandbox
from tests.sandbox.client import Control
from tests.sandbox.icloud.client import Caldav, condition, event_text


async def test_throttles_an_account_by_the_minute(ida: Caldav, sandbox: Sandbox) -> None:
    world = sandbox.world
    world.icloud.settings.requests_per_minute = 2
    replies = [await ida("OPTIONS", "/") for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 503]
    assert replies[-1].headers["Retry-After"] == "1"
    world.clock.advance(1)
    assert (await ida("OPTIONS", "/")).status == 503
    world.clock.advance(61)
    assert (await ida("OPTIONS", "/")).status == 200
    assert world.icloud.requests_in_last_minute(world.people.get("ida")) == 1


async def test_throttles_more_than_a_few_requests_at_once(ida: Caldav, sandbox: Sandbox) -> None:
    settings = sandbox.world.icloud.settings
    settings.concurrency_limit, settings.throttle_status, settings.throttle_retry_after = 1, 429, None
    settings.delay_seconds = 0.05
    replies = await asyncio.gather(*(ida("OPTIONS", "/") for _ in range(3)))
    assert sorted(reply.status for reply in replies) == [200, 429, 429]
    assert not any("Retry-After" in reply.headers for reply in replies)
    assert sandbox.world.traffic.peak("ida") == 3


async def test_faults_of_one_account_and_path(ida: Caldav, sandbox: Sandbox) -> None:
    faults = sandbox.world.faults
    faults.dav_error(404, path="/principal/", person="ida")
    assert (await ida("PROPFIND", ida.principal, "", {"Depth": "0"})).status == 404
    faults.dav_error(401)
    assert [(await ida("OPTIONS", "/")).status for _ in range(2)] == [401, 200]
    faults.dav_error(403, "need-privileges", method="PUT")
    assert condition(await ida.put("home", "a.ics", event_text("a"))) == "d:need-privileges"
    faults.dav_error(429, retry_after="1", times=2, person="ivan")
    assert (await ida("OPTIONS", "/")).status == 200


async def test_faults_of_the_answer(ida: Caldav, sandbox: Sandbox) -> None:
    faults = sandbox.world.faults
    faults.redirect(f"{sandbox.foreign_url}/elsewhere")
    assert (await ida.query("home")).headers["Location"] == f"{sandbox.foreign_url}/elsewhere"
    faults.doctype()
    assert "<!DOCTYPE" in (await ida.query("home")).text
    faults.html(surface="icloud")
    assert (await ida.query("home")).headers["Content-Type"].startswith("text/html")
    faults.add(surface="icloud", kind="truncate")
    cut = await ida.query("home")
    assert (cut.status, cut.text.endswith("</multistatus>")) == (207, False)


async def test_an_event_is_stored_though_its_answer_is_lost(ida: Caldav, sandbox: Sandbox) -> None:
    # The client repeats a PUT once by itself.
    sandbox.world.faults.add(surface="icloud", kind="cut", method="PUT", perform=True, times=2)
    with pytest.raises(aiohttp.ClientError):
        await ida.put("home", "a.ics", event_text("a"), If_None_Match="*")
    assert (await ida("GET", ida.path("home", "a.ics"))).status == 200


async def test_records_requests_without_names(ida: Caldav, sandbox: Sandbox) -> None:
    await ida("GET", ida.path("home", "a.ics"))
    [entry] = sandbox.world.traffic.requests
    assert (entry.surface, entry.path, entry.person, entry.status) == (
        "icloud",
        "/{number}/{home}/{calendar}/{event}",
        "ida",
        404,
    )


async def test_orders_for_callers_in_other_processes(control: Control, ida: Caldav, sandbox: Sandbox) -> None:
    [person] = [one for one in await control("GET", "/icloud/people") if one["key"] == "ida"]
    assert (list(person["passwords"]), person["requests_in_last_minute"]) == ([ida.password], 0)
    assert not {one["key"] for one in await control("GET", "/people")} & {"ida", "ivan"}
    made = (await control("POST", "/icloud/people/ida/passwords", label="mail"))["password"]
    await control("DELETE", "/icloud/people/ida/passwords", password=made)
    assert list(sandbox.world.people.get("ida").icloud_account.passwords) == [ida.password]
    await control("POST", "/icloud/people/ida/apple-id-password", password="New-1")
    assert (await ida("OPTIONS", ida.home)).status == 200
    assert (await ida("GET", ida.home)).status == 401
    changed = await control("PATCH", "/icloud/people/ida", state="locked")
    assert changed["state"] == "locked"
    refused: list[dict[str, Any]] = [{"number": "1"}, {"front": "falls"}, {"passwords": {}}]
    for wrong in refused:
        assert (await control.order("PATCH", "/icloud/people/ida", **wrong)).status == 400
    assert (await control.order("PATCH", "/icloud/people/anna", state="locked")).status == 400


async def test_orders_about_calendars_files_and_settings(control: Control, ida: Caldav) -> None:
    changed = await control("PATCH", "/icloud/people/ida/calendars/work", transparent=True)
    assert (changed["transparent"], changed["path"]) == (True, ida.path("work"))
    assert (await control.order("PATCH", "/icloud/people/ida/calendars/work", colour="red")).status == 400
    text = event_text("a", "X-ODD:1")
    await control("POST", "/icloud/people/ida/calendars/nameless/files", text=text, name="b.ics")
    [stored] = await control("GET", "/icloud/people/ida/calendars/nameless/files")
    assert (stored["name"], stored["uid"], stored["text"]) == ("b.ics", "a", text)
    assert (await control("PATCH", "/icloud/settings", named_properties="ignored"))["rewrites"] is True
    assert (await control.order("PATCH", "/icloud/settings", named_properties="read")).status == 400
    await ida("OPTIONS", "/")
    assert await control("GET", "/icloud/hosts") == [{"host": "front", "requests": 1, "passwords": 1}]
    await control("DELETE", "/records")
    assert await control("GET", "/icloud/hosts") == []


async def test_faults_can_be_ordered_in_short(control: Control, ida: Caldav) -> None:
    await control("POST", "/faults", form="dav_error", status=503, retry_after="2")
    reply = await ida("OPTIONS", "/")
    assert (reply.status, reply.headers["Retry-After"]) == (503, "2")
    await control("POST", "/faults", form="redirect", to="https://elsewhere.example.com/", status=302)
    assert (await ida("OPTIONS", "/")).status == 302
