"""What a request looks like on its way."""

import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
import pytest_asyncio
from aiohttp import web

from adapters.google.client import GoogleClient
from adapters.google.paths import event_path, events_path
from adapters.google.settings import GoogleSettings
from adapters.web.access_tokens import AccessToken
from adapters.web.connections import open_http
from application.ports.meters import Unmeasured
from domain.access import InvalidAnswer
from tests.adapters.web.scripted_server import Handler, ScriptedServer, scripted_server
from tests.fakes.alarms import RecordingAlarms
from tests.fakes.clock import MovableClock

HOLIDAYS = "en.german#holiday@group.v.calendar.google.com"
CLIMBING = "../a/b?c=d&e@group.calendar.google.com"


@dataclass(frozen=True)
class _Access:
    """Anybody's."""

    async def token(self) -> AccessToken:
        return AccessToken(value="the-token", mailbox="1", username="", expires_at=datetime.now(UTC))

    async def renewed(self, refused: AccessToken, claims: str | None = None) -> AccessToken:
        raise AssertionError("nothing was refused")


ANYBODY = _Access()


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[ScriptedServer]:
    async with scripted_server(tmp_path) as running:
        yield running


@pytest_asyncio.fixture
async def client(server: ScriptedServer) -> AsyncIterator[GoogleClient]:
    settings = GoogleSettings(
        client_id="x",
        client_secret="y",
        calendar_url=f"{server.url}/v3/",
        ca_file=server.ca_file,
        largest_answer=5_000,
    )
    async with open_http(ca_file=server.ca_file, connect_timeout=settings.connect_timeout) as http:
        yield GoogleClient(http, settings, MovableClock(), RecordingAlarms(), Unmeasured())


async def test_google_is_asked_to_compress(server: ScriptedServer, client: GoogleClient) -> None:
    await client.get(ANYBODY, "/colors")
    headers = server.asked[0].headers
    assert (headers["User-Agent"], headers["Accept-Encoding"]) == ("CalendarSync (gzip)", "gzip")
    assert (headers["Authorization"], headers["Accept"]) == ("Bearer the-token", "application/json")


async def test_compressed_answers_are_read(server: ScriptedServer, client: GoogleClient) -> None:
    server.handler = _compressed(b'{"id": "5c9e"}')
    assert await client.get(ANYBODY, "/colors") == {"id": "5c9e"}


async def test_what_unfolds_beyond_all_measure_is_not_read(
    server: ScriptedServer, client: GoogleClient
) -> None:
    server.handler = _compressed(b'{"id": "' + b"x" * 1_000_000 + b'"}')
    with pytest.raises(InvalidAnswer):
        await client.get(ANYBODY, "/colors")


@pytest.mark.parametrize("calendar", [HOLIDAYS, CLIMBING, "gina+work@gmail.example.com", "%2e%2e"])
async def test_an_id_stays_one_part_of_the_path(
    server: ScriptedServer, client: GoogleClient, calendar: str
) -> None:
    await client.get(ANYBODY, event_path(calendar, "a/b"))
    raw = server.asked[0].rel_url.raw_path
    assert raw.count("/") == len(["", "v3", "calendars", "ID", "events", "ID"]) - 1
    _, _, _, sent, _, event = raw.split("/")
    assert "#" not in sent
    assert (unquote(sent), unquote(event)) == (calendar, "a/b")


async def test_parameters_are_sent_as_they_are_each_as_often_as_given(
    server: ScriptedServer, client: GoogleClient
) -> None:
    given = [
        ("eventTypes", "default"),
        ("eventTypes", "focusTime"),
        ("timeMin", "2027-01-08T00:00:00+01:00"),
        ("fields", "items(id,start)"),
    ]
    await client.get(ANYBODY, events_path(HOLIDAYS), given)
    assert list(server.asked[0].rel_url.query.items()) == given


async def test_a_change_names_the_version_that_it_is_of(server: ScriptedServer, client: GoogleClient) -> None:
    await client.patch(
        ANYBODY, event_path("c", "e"), {"summary": "x"}, [("sendUpdates", "none")], etag='"31"'
    )
    await client.patch(ANYBODY, event_path("c", "e"), {"summary": "x"})
    conditional, plain = server.asked
    assert conditional.headers["If-Match"] == '"31"'
    assert "If-Match" not in plain.headers
    assert await conditional.json() == {"summary": "x"}


@pytest.mark.parametrize(("status", "body"), [(200, b""), (204, b""), (200, b"{}")])
async def test_only_an_answer_without_content_says_that_something_is_deleted(
    server: ScriptedServer, client: GoogleClient, status: int, body: bytes
) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, body=body)

    server.handler = answer
    if status == 204:
        await client.delete(ANYBODY, event_path("c", "e"))
        return
    with pytest.raises(InvalidAnswer):
        await client.delete(ANYBODY, event_path("c", "e"))


async def test_a_stop_that_answers_nothing_is_done(server: ScriptedServer, client: GoogleClient) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=204)

    server.handler = answer
    assert await client.post(ANYBODY, "/channels/stop", {"id": "x", "resourceId": "y"}) == {}


def _compressed(body: bytes) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(body), headers={"Content-Encoding": "gzip"})

    return answer
