"""A value planted wherever a secret or a personal datum can be is found nowhere else, whatever goes wrong."""

import asyncio
import base64
import gzip
import json
import os
import re
import secrets
import signal
import string
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import aiohttp
import grpc.aio
import pytest_asyncio
from aiohttp import web
from psycopg import AsyncConnection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from adapters.crypto import KeyRing
from adapters.postgres.keys.sealed_tables import OF_THE_KEYS_THEMSELVES, SEALED
from adapters.postgres.sealing import place
from calendarsync.v1 import account_service_pb2, change_service_pb2, expert_pb2, session_service_pb2
from calendarsync.v1.account_pb2 import PROVIDER_APPLE, PROVIDER_GOOGLE
from sandbox import Sandbox
from sandbox.google.shortcut import authorize_as as authorize_at_google
from sandbox.identity.shortcut import authorize_as
from tests.support.calls import EXPERT, Calls, at, parameters
from tests.support.canaries import Places, canary
from tests.support.event_properties import violations
from tests.support.ports import spare_port
from tests.support.programs import Program, environment_of, program
from tests.support.running_service import settings_for
from tests.support.service import until

RETURN_URL = "http://localhost:3000/connected"
PASSWORD_PAGE = "HTTP: our page for a password"
GZIP = b"\x1f\x8b"
NAMES = (
    "expertname", "title", "notes", "place", "category", "eventtitle", "eventnotes", "clientsecret", "nextsecret",
    "smtppassword", "databasepassword", "bearer", "cookie", "query", "code", "state", "linktoken", "pagetoken",
    "clientstate", "googlesecret", "googlenextsecret",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Story:
    """A service that runs as a program of its own, and everything that came out of it."""

    sandbox: Sandbox
    started: Program
    calls: Calls
    http: aiohttp.ClientSession
    base: str
    operations: str
    planted: dict[str, str]
    places: Places
    on_the_page: dict[str, str] = field(default_factory=dict)
    """What our page for a password may hold, and nothing else."""

    async def fails(self, where: str, call: Any) -> None:
        """A call that must fail; what its caller gets of it is a place to look at."""
        try:
            await call
        except grpc.aio.AioRpcError as error:
            told = [error.details(), error.debug_error_string(), *(error.trailing_metadata() or ())]
            self.places.add(f"gRPC: {where}", told)
            for _, value in error.trailing_metadata() or ():
                self.places.add(f"gRPC: {where}", value)
        else:
            raise AssertionError(f"{where}: the call did not fail")

    async def opens(self, where: str, url: str, *, method: str = "GET", **how: Any) -> int:
        """A page, its headers included, without following it further."""
        async with self.http.request(method, url, allow_redirects=False, **how) as answer:
            body, headers = await answer.read(), dict(answer.headers)
        if headers.get("Location", "").startswith(self.sandbox.authority.rsplit("/", 1)[0]):
            del headers["Location"]  # on to the provider, with the state that it must get
        if "token" in (told := parameters(headers.get("Location", ""))):
            del headers["Location"]  # on to the caller's page, which confirms by it
            self.planted["token to confirm"] = told["token"]
        self.places.add(f"HTTP: {where}", body)
        self.places.add(f"HTTP: {where}", headers)
        return answer.status


@pytest_asyncio.fixture
async def collector() -> AsyncIterator[tuple[str, Places]]:
    """Takes traces as a collector does: its address, and what came."""
    places = Places()

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        places.add("traces", gzip.decompress(body) if body.startswith(GZIP) else body)
        places.add("traces", dict(request.headers))
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1/traces", places
    await runner.cleanup()


@pytest_asyncio.fixture
async def story(
    sandbox: Sandbox, dsn: str, no_settings: None, tmp_path: Path, collector: tuple[str, Places]
) -> AsyncIterator[Story]:
    traces_url, places = collector
    planted = {name: canary(name) for name in NAMES}
    planted["email"] = f"{canary('email')}@experts.example"
    planted["joinurl"] = f"https://meet.example/{canary('join')}"
    sandbox.world.app.rotate_secret(planted["clientsecret"])
    sandbox.world.app.add_secret(planted["nextsecret"])
    sandbox.world.google.app.rotate_secret(planted["googlesecret"])
    sandbox.world.google.app.add_secret(planted["googlenextsecret"])
    sandbox.world.people.change("gina", email=f"{canary('googleaddress')}@gmail.example.com")
    planted |= _planted_at_apple(sandbox)
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    planted |= {"encryptionkey": key}
    mail_server = sandbox.smtp_url.removeprefix("smtp://")
    port = spare_port()
    settings = settings_for(
        sandbox,
        make_conninfo(dsn, password=planted["databasepassword"]),
        encryption_keys=f"one:{key}",
        microsoft_next_client_secret=planted["nextsecret"],
        google_next_client_secret=planted["googlenextsecret"],
        smtp_url=f"smtp://calendars:{planted['smtppassword']}@{mail_server}?starttls=never",
        http_address=f"127.0.0.1:{port}",
        operations_address="127.0.0.1:0",
        public_url=f"http://localhost:{port}",
        log_level="DEBUG",
        traces_url=traces_url,
        traces_share=1,
    )
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = environment_of(settings) | {"TMPDIR": str(temporary), "OTEL_BSP_SCHEDULE_DELAY": "100"}
    async with program("serve", folder=tmp_path, environment=environment) as started:
        ready = await started.logged("ready")
        async with grpc.aio.insecure_channel(ready["grpc"]) as channel, aiohttp.ClientSession() as http:
            yield Story(
                sandbox=sandbox,
                started=started,
                calls=Calls(channel=channel),
                http=http,
                base=f"http://localhost:{port}",
                operations=f"http://{ready['operations']}",
                planted=planted,
                places=places,
            )


async def test_what_is_planted_is_found_nowhere(story: Story, dsn: str, tmp_path: Path) -> None:
    await _live(story)
    await _refuse(story)
    await _meet_strangers(story)
    await _fail_at_the_provider(story)
    await _fail_at_google(story)
    await _fail_at_apple(story)
    await _fail_at_the_database(story, dsn)
    await _fail_at_the_mail_server(story, dsn)
    await _look_at_the_operations_door(story)
    for grants in (story.sandbox.world.grants, story.sandbox.world.google.grants):
        for number, token in enumerate({*grants.codes, *grants.access_tokens, *grants.refresh_tokens}):
            story.planted[f"token {number} of {type(grants).__module__}"] = token
    assert len(story.planted) > 25
    for process in (story.started.process.pid, *story.started.descendants()):
        story.places.add_file("process arguments", Path(f"/proc/{process}/cmdline"))
    await until(lambda: _traced(story, "ListIncidents"), bool)
    story.started.tell(signal.SIGABRT)
    assert await story.started.ended() == -signal.SIGABRT
    assert any("Fatal Python error: Aborted" in line for line in story.started.errors)
    for line in story.started.errors:
        story.places.add("log and last words", line)
    story.places.add_files("files", tmp_path)
    await _look_at_the_database(story, dsn)
    assert ("log and last words", "a call") in story.places.with_any_of({"a call": "PutExpert"})
    assert story.places.with_any_of(story.planted) == []
    # At Google it is the id of her calendar.
    address = {"address": story.sandbox.world.people.get("gina").email}
    assert {where for where, _ in story.places.with_any_of(address)} == {
        "database: calendar",
        "database: session",
    }
    # iCloud was to send whole events; whatever else left was asked for.
    traffic = story.sandbox.world.traffic
    assert {" brought calendar-data." in one for one in violations(traffic)} == {True}
    traffic.clear()
    # Our own page has to name its sign-in.
    assert {where for where, _ in story.places.with_any_of(story.on_the_page)} == {PASSWORD_PAGE}


def test_a_value_is_recognised_in_whatever_way_it_is_written() -> None:
    value = f"{canary('mail')}@experts.example"
    places = Places()
    for number in range(3):
        places.add(f"base64 {number}", base64.b64encode(b"x" * number + value.encode() + b"and more"))
    places.add("bytes", f"before {value} after".encode())
    places.add("hex", value.encode().hex())
    places.add("a URL", f"https://elsewhere.example/?mail={quote(value, safe='')}")
    places.add("nothing", value[:-1])
    found = places.with_any_of({"it": value})
    assert [where for where, _ in found] == ["a URL", "base64 0", "base64 1", "base64 2", "bytes", "hex"]


async def _live(story: Story) -> None:
    """All that usually happens, once."""
    planted, calls, world = story.planted, story.calls, story.sandbox.world
    await calls.put_expert(email=planted["email"], display_name=planted["expertname"])
    world.events.add("anna", at(9), at(10), subject=planted["eventtitle"], body=planted["eventnotes"])
    started = await calls.start(return_url=RETURN_URL)
    planted["state"] = parameters(started.authorization_url)["state"]
    back = authorize_as(world, started.authorization_url, "anna").url
    status = await story.opens(
        "the way back of a sign-in",
        f"{back}&extra={planted['query']}",
        headers={"Cookie": f"visitor={planted['cookie']}"},
    )
    assert status in {302, 303}
    await calls.confirm(planted["token to confirm"])
    assert await until(calls.list_calendars, bool)
    await _live_at_google(story)
    await _live_at_apple(story)
    details: dict[str, Any] = {
        "text": planted["notes"],
        "place": planted["place"],
        "join_url": planted["joinurl"],
        "category": planted["category"],
    }
    await calls.put_session(title=planted["title"], **details)
    await until(calls.session, lambda session: session.event.written_revision == session.revision)
    assert any(event.subject == planted["title"] for event in world.events.all("anna")), "planted"
    assert (await calls.session()).details.title == planted["title"]
    story.places.add("gRPC: busy times", await calls.busy(max_age=timedelta()))


async def _live_at_google(story: Story) -> None:
    """A second account, which is read, and written to once."""
    planted, calls, world = story.planted, story.calls, story.sandbox.world
    world.events.add("gina", at(13), at(14), subject=planted["eventtitle"], body=planted["eventnotes"])
    started = await calls.start(provider=PROVIDER_GOOGLE, return_url=RETURN_URL)
    planted["state at Google"] = parameters(started.authorization_url)["state"]
    back = authorize_at_google(world, started.authorization_url, "gina").url
    assert await story.opens("the way back from Google", f"{back}&extra={planted['query']}") in {302, 303}
    account = (await calls.confirm(planted["token to confirm"])).account
    listed = await calls.list_calendars()
    hers = {one.primary: one.calendar_id for one in listed if one.account_id == account.account_id}
    chosen = (await calls.calendar_settings()).effective_write_calendar_id
    await calls.choose(write_calendar_id=hers[True])
    await calls.put_session("at-google", start=15, title=planted["title"], text=planted["notes"])
    await until(lambda: calls.session("at-google"), lambda one: one.event.written_revision == one.revision)
    assert any(event.subject == planted["title"] for event in world.events.all("gina")), "planted"
    await calls.choose(write_calendar_id=chosen)


def _planted_at_apple(sandbox: Sandbox) -> dict[str, str]:
    """A password that is accepted, with and without its dashes, one that isn't, and whose they are."""
    people = sandbox.world.people
    letters, others = ("".join(secrets.choice(string.ascii_lowercase) for _ in range(16)) for _ in range(2))
    accepted = "-".join(letters[start : start + 4] for start in range(0, 16, 4))
    people.get("ida").icloud_account.passwords = {accepted: "calendars"}
    people.change("ida", email=f"{canary('appleid')}@icloud.example.com")
    return {
        "Apple's password": accepted,
        "Apple's password, its letters": letters,
        "a wrong password": others,
        "the normal password": canary("Horse"),
        "an Apple ID": people.get("ida").email,
        "a wrong Apple ID": f"{canary('wrongid')}@icloud.example.com",
        "owner's title": canary("ownertitle"),
        "owner's notes": canary("ownernotes"),
    }


async def _live_at_apple(story: Story) -> None:
    """A third account, connected after some mistakes. Its server sends whole events, whatever it is asked for."""
    planted, calls, world = story.planted, story.calls, story.sandbox.world
    world.icloud.settings.named_properties = "ignored"
    world.events.add("ida", at(16), at(17), subject=planted["eventtitle"], body=planted["eventnotes"])
    page = (await calls.start(provider=PROVIDER_APPLE, return_url=RETURN_URL)).authorization_url
    story.on_the_page["state"] = parameters(page)["state"]
    name, right = planted["an Apple ID"], planted["Apple's password, its letters"]
    for who, password in (
        (planted["a wrong Apple ID"], right),
        (name, planted["a wrong password"]),
        (name, planted["the normal password"]),
        (name, right),
    ):
        await story.opens("our page for a password", page)
        form = re.findall(r'name="form" value="([^"]+)"', story.places.texts[PASSWORD_PAGE][-2])[0]
        typed = {"form": form, "name": who, "password": password}
        status = await story.opens("our page for a password", page, method="POST", data=typed)
        assert status == (200 if (who, password) == (name, right) else 422)
    leads_on = unescape(re.findall(r'content="0; url=([^"]+)"', story.places.texts[PASSWORD_PAGE][-2])[0])
    story.on_the_page["code"] = parameters(leads_on)["code"]
    assert await story.opens("the way back from our page", leads_on) in {302, 303}
    account = (await calls.confirm(planted["token to confirm"])).account
    listed = await calls.list_calendars()
    hers = {one.primary: one.calendar_id for one in listed if one.account_id == account.account_id}
    chosen = (await calls.calendar_settings()).effective_write_calendar_id
    await calls.choose(write_calendar_id=hers[True])
    await calls.put_session("at-apple", start=18, title=planted["title"], text=planted["notes"])
    await until(lambda: calls.session("at-apple"), lambda one: one.event.written_revision == one.revision)
    (event,) = (one for one in world.events.all("ida") if one.subject == planted["title"])
    # A change goes to iCloud with what its owner put into the event.
    world.events.change(event, subject=planted["owner's title"], body=planted["owner's notes"])
    await calls.put_session("at-apple", start=19, title=planted["title"], text=planted["notes"])
    await until(lambda: calls.session("at-apple"), lambda one: one.event.written_revision == one.revision)
    assert (event.start.hour, event.subject) == (at(19).hour, planted["owner's title"])
    await calls.choose(write_calendar_id=chosen)


async def _refuse(story: Story) -> None:
    """What callers do wrong is told by the field and not by what it held."""
    calls, planted = story.calls, story.planted
    spaced = f"{planted['title']} {planted['notes']}"
    await story.fails("an address that is none", calls.put_expert(email=f"{planted['expertname']} at home"))
    await story.fails("a zone that is none", calls.put_expert(time_zone=planted["place"]))
    await story.fails("an id that is none", calls.put_session(spaced))
    await story.fails("a title with control characters", calls.put_session(title=f"{planted['title']}\x07"))
    await story.fails("a join address that is none", calls.put_session(join_url=planted["joinurl"] + " x"))
    await story.fails(
        "another revision",
        calls.sessions.PutSession(
            session_service_pb2.PutSessionRequest(expert_id=EXPERT, session_id="a b", etag=planted["query"])
        ),
    )
    await story.fails(
        "a page that is none",
        calls.sessions.ListSessions(
            session_service_pb2.ListSessionsRequest(expert_id=EXPERT, page_token=planted["pagetoken"])
        ),
    )
    await story.fails(
        "a cursor that is none",
        calls.changes.ListChanges(change_service_pb2.ListChangesRequest(cursor=planted["pagetoken"])),
    )
    await story.fails(
        "a return address that is not allowed",
        calls.start(return_url=f"https://{planted['query']}.example/?secret={planted['query']}"),
    )
    await story.fails(
        "an answer that belongs to nothing",
        calls.accounts.CompleteConnection(
            account_service_pb2.CompleteConnectionRequest(
                expert_id=EXPERT, state=planted["state"], code=planted["code"]
            )
        ),
    )
    bearer = (("authorization", f"Bearer {planted['bearer']}"), ("cookie", planted["cookie"]))
    nothing: Any = calls.channel.unary_unary(f"/none/{planted['query']}")
    await story.fails("a method that is none", nothing(b"", metadata=bearer))
    try:
        await calls.experts.GetExpert(expert_pb2.Expert(), metadata=bearer)  # type: ignore[arg-type]
    except grpc.aio.AioRpcError as error:
        story.places.add("gRPC: a credential that is none", [error.details(), error.trailing_metadata()])


async def _meet_strangers(story: Story) -> None:
    """What anybody can send to the pages comes back in none of them."""
    planted = story.planted
    headers = {
        "Cookie": f"visitor={planted['cookie']}",
        "Authorization": f"Bearer {planted['bearer']}",
        "Referer": f"https://elsewhere.example/{planted['query']}",
        "User-Agent": planted["query"],
    }
    callback = f"{story.base}/oauth/microsoft/callback"
    for where, url in {
        "a sign-in that ended in an error": f"{callback}?error=access_denied&error_description="
        f"{planted['notes']}&state={planted['state']}",
        "a sign-in of nobody": f"{callback}?code={planted['code']}&state={planted['state']}",
        "a link of nobody": f"{story.base}/reconnect/{planted['linktoken']}",
        "a page that is none": f"{story.base}/{planted['query']}?{planted['query']}={planted['query']}",
        "health": f"{story.base}/healthz?{planted['query']}",
        "readiness": f"{story.base}/readyz?{planted['query']}",
    }.items():
        await story.opens(where, url, headers=headers)
    forged = {"value": [{"subscriptionId": planted["query"], "clientState": planted["clientstate"]}]}
    for path in ("/notifications/microsoft", "/notifications/microsoft/lifecycle"):
        await story.opens(
            "a forged notification", story.base + path, method="POST", json=forged, headers=headers
        )
        await story.opens("no notification", story.base + path, method="POST", data=planted["query"])
    port = int(story.base.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /\x00{planted['query']} HTTP/9.9\r\nCookie: {planted['cookie']}\r\n\r\n".encode())
    story.places.add("HTTP: no request at all", await reader.read())
    writer.close()


async def _fail_at_the_provider(story: Story) -> None:
    """Errors that repeat everything they were sent, and more."""
    calls, faults, world = story.calls, story.sandbox.world.faults, story.sandbox.world
    echo = " ".join(story.planted.values())
    token: Any = {
        "error": "invalid_request",
        "error_description": echo,
        "error_codes": [900000],
        "trace_id": echo,
    }
    graph: Any = {"error": {"code": "ErrorInvalidRequest", "message": echo, "innerError": {"message": echo}}}
    for status, body in ((400, token), (401, {**token, "error": "invalid_client"}), (500, echo), (200, echo)):
        world.grants.expire_access_tokens("anna")
        faults.add(surface="token", status=status, body=body, times=None)
        story.places.add("gRPC: no tokens", await calls.busy(max_age=timedelta()))
        await story.opens(
            "a sign-in without tokens",
            authorize_as(world, (await calls.start(return_url=RETURN_URL)).authorization_url, "ben").url,
        )
        faults.clear()
    for status, body in ((400, graph), (403, graph), (503, graph), (200, echo), (200, graph)):
        faults.add(path="calendarView", status=status, body=body, times=None)
        faults.add(method="PATCH", path="/events/", status=status, body=body, times=None)
        story.places.add("gRPC: no view", await calls.busy(max_age=timedelta()))
        await calls.put_session(title=story.planted["title"], start=11 + status / 1000)
        await until(lambda: _hits(story), bool)
        faults.clear()


async def _fail_at_google(story: Story) -> None:
    """The same at Google, whose errors have another shape."""
    calls, faults, world = story.calls, story.sandbox.world.faults, story.sandbox.world
    echo = " ".join(story.planted.values())
    token: Any = {"error": "invalid_request", "error_description": echo, "error_subtype": echo}
    calendar: Any = {"error": {"code": 400, "message": echo, "errors": [{"reason": echo, "message": echo}]}}
    for status, body in ((400, token), (401, {**token, "error": "invalid_client"}), (500, echo), (200, echo)):
        world.google.grants.expire_access_tokens("gina")
        faults.add(surface="google-token", status=status, body=body, times=None)
        story.places.add("gRPC: no tokens of Google's", await calls.busy(max_age=timedelta()))
        faults.clear()
    for status, body in ((400, calendar), (403, calendar), (503, calendar), (200, echo), (200, calendar)):
        faults.add(surface="google", status=status, body=body, times=None)
        story.places.add("gRPC: no answer of Google's", await calls.busy(max_age=timedelta()))
        faults.clear()


async def _fail_at_apple(story: Story) -> None:
    """The same at Apple, and a redirect to a host that is nobody's business."""
    calls, sandbox, faults = story.calls, story.sandbox, story.sandbox.world.faults
    echo = " ".join(story.planted.values())
    dav = f'<error xmlns="DAV:"><{story.planted["title"]}/>{escape(echo)}</error>'
    for status, body in (
        (400, dav),
        (401, echo),
        (403, dav),
        (404, echo),
        (200, echo),
        (207, dav),
        (207, echo),
    ):
        faults.add(surface="icloud", status=status, body=body, times=None)
        story.places.add("gRPC: no answer of Apple's", await calls.busy(max_age=timedelta()))
        faults.clear()
    faults.redirect(sandbox.foreign_url, times=None)
    story.places.add("gRPC: an answer from elsewhere", await calls.busy(max_age=timedelta()))
    faults.clear()
    assert sandbox.world.icloud.hosts.passwords_sent_to("front") > 0
    assert sandbox.world.icloud.hosts.passwords_sent_to("foreign") == 0


async def _hits(story: Story) -> int:
    return sum(one.hits for one in story.sandbox.world.faults.all() if one.method == "PATCH")


async def _fail_at_the_database(story: Story, dsn: str) -> None:
    """A refusal whose text repeats the row: nobody foresaw it, so the caller gets INTERNAL."""
    async with await AsyncConnection.connect(dsn, autocommit=True) as database:
        await database.execute("ALTER TABLE expert ADD CONSTRAINT never CHECK (plan <> 'FREE') NOT VALID")
        await story.fails(
            "a row that is refused",
            story.calls.put_expert(
                "expert-2",
                plan=expert_pb2.PLAN_FREE,
                email=story.planted["email"],
                display_name=story.planted["expertname"],
            ),
        )
        await database.execute("ALTER TABLE expert DROP CONSTRAINT never")
    assert any("CheckViolation" in line for line in story.started.errors), "it is logged, by its class"


async def _fail_at_the_mail_server(story: Story, dsn: str) -> None:
    """The mail server knows no login, so the mail about the lost access can't be sent."""
    story.sandbox.world.grants.revoke("anna", access_tokens=True)
    await story.calls.busy(max_age=timedelta())
    await until(lambda: _incidents(story), bool)
    token = await until(lambda: _token_of_failed_mail(story, dsn), bool)
    story.planted["the link's own token"] = token
    await story.opens("a link that is damaged", f"{story.base}/reconnect/{token[:-1]}")
    assert await story.opens("a link", f"{story.base}/reconnect/{token}") in {302, 303}


async def _incidents(story: Story) -> Any:
    request = account_service_pb2.ListIncidentsRequest()
    return (await story.calls.accounts.ListIncidents(request)).incidents


async def _traced(story: Story, method: str) -> bool:
    return ("traces", "it") in story.places.with_any_of({"it": method})


async def _token_of_failed_mail(story: Story, dsn: str) -> str:
    """The secret of the link in the mail that could not be sent; empty before that was tried."""
    ring = KeyRing.parse(f"one:{story.planted['encryptionkey']}")
    async with await AsyncConnection.connect(dsn) as database:
        found = await database.execute("SELECT incident_id, token FROM incident WHERE mail_failures > 0")
        row = await found.fetchone()
    return (
        "" if row is None else ring.open(row[1], context=place("incident", row[0], column="token")).decode()
    )


async def _look_at_the_operations_door(story: Story) -> None:
    for path in ("/metrics", "/healthz", "/readyz", f"/{story.planted['query']}"):
        await story.opens(f"operations {path[:9]}", story.operations + path)


async def _look_at_the_database(story: Story, dsn: str) -> None:
    """All that is not sealed, and what the server itself wrote down."""
    sealed = {table.name: table.columns for table in SEALED} | {OF_THE_KEYS_THEMSELVES: ("proof",)}
    async with await AsyncConnection.connect(dsn, autocommit=True) as database:
        cursor = await database.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        for (table,) in await cursor.fetchall():
            rows = await database.execute(
                sql.SQL("SELECT to_jsonb(t) - %(sealed)s::text[] FROM {} AS t").format(sql.Identifier(table)),
                {"sealed": list(sealed.get(table, ()))},
            )
            for (row,) in await rows.fetchall():
                story.places.add(f"database: {table}", json.dumps(row))
        assert len(story.places.texts["database: session"]) == 3
        (folder,) = await (await database.execute("SHOW data_directory")).fetchone() or ("",)
    log = Path(folder).with_name(Path(folder).name + ".log")
    if str(conninfo_to_dict(dsn).get("host")).startswith("/") and os.access(log, os.R_OK):
        story.places.add_file("the log of PostgreSQL", log)
