"""Redirects: the password goes to the hosts that were configured, and to nobody else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from yarl import URL

from adapters.caldav.errors import DavRefusal, Fault
from adapters.caldav.settings import AppleSettings
from domain.access import InvalidAnswer
from tests.adapters.web.scripted_server import ScriptedServer, scripted_server
from tests.support.caldav import ANNA, OpenDav, answer, dav_on, etag, response

PATH = "/1/calendars/"


@pytest_asyncio.fixture
async def other(tmp_path: Path) -> AsyncIterator[ScriptedServer]:
    """A second server with the same certificate: another port is another host."""
    folder = tmp_path / "other"
    folder.mkdir()
    async with scripted_server(folder) as running:
        running.handler = found
        yield running


async def found(request: web.Request) -> web.Response:
    return answer(response(PATH, etag("1")))


def redirect(server: ScriptedServer, location: str, status: int = 301) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": location})

    server.handler = handler


async def ask(dav: OpenDav) -> None:
    await dav.client.resource(ANNA, PATH, b"<question/>", kind="list_calendars")


def allowing(server: ScriptedServer) -> str:
    return server.url.removeprefix("https://")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_to_an_allowed_host_is_followed_as_it_was_asked(
    server: ScriptedServer, other: ScriptedServer, status: int
) -> None:
    redirect(server, f"{other.url}/p%7E7/{PATH}", status)
    async with dav_on(server.url, server.ca_file, allowed_hosts=allowing(other)) as dav:
        await ask(dav)
    (first,), (second,) = server.asked, other.asked
    assert (second.method, second.raw_path, await second.read()) == (
        "PROPFIND",
        f"/p%7E7/{PATH}",
        b"<question/>",
    )
    assert (second.headers["Depth"], second.headers["Authorization"]) == (
        "0",
        first.headers["Authorization"],
    )


async def test_a_path_is_a_redirect_to_the_same_host(server: ScriptedServer, dav: OpenDav) -> None:
    async def handler(request: web.Request) -> web.Response:
        if len(server.asked) == 1:
            return web.Response(status=307, headers={"Location": "/elsewhere/"})
        return await found(request)

    server.handler = handler
    await ask(dav)
    assert [one.raw_path for one in server.asked] == [PATH, "/elsewhere/"]


async def test_a_redirect_to_a_foreign_host_is_not_followed(
    server: ScriptedServer, other: ScriptedServer
) -> None:
    redirect(server, f"{other.url}/")
    async with dav_on(server.url, server.ca_file) as dav:
        with pytest.raises(InvalidAnswer):
            await ask(dav)
    assert other.asked == []


async def test_two_redirects_are_followed_and_no_third(server: ScriptedServer, dav: OpenDav) -> None:
    redirect(server, "/round/")
    with pytest.raises(InvalidAnswer):
        await ask(dav)
    assert len(server.asked) == 3


async def test_a_refusal_behind_a_redirect_is_one_like_any_other(
    server: ScriptedServer, other: ScriptedServer
) -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=401)

    redirect(server, f"{other.url}/")
    other.handler = refuse
    async with dav_on(server.url, server.ca_file, allowed_hosts=allowing(other)) as dav:
        with pytest.raises(DavRefusal) as caught:
            await ask(dav)
    assert caught.value.fault is Fault.PASSWORD


APPLES = [
    "https://caldav.icloud.com/x",
    "https://caldav.icloud.com:443/",
    "https://p37-caldav.icloud.com:443/1/",
]
FOREIGN = [
    "http://caldav.icloud.com/",
    "https://caldav.icloud.com:8443/",
    "https://caldav.icloud.com.evil.example/",
    "https://p37-caldav.icloud.com.cn/",
    "https://p37-caldaviicloud.com/",
    "https://xp37-caldav.icloud.com/",
    "https://p12345-caldav.icloud.com/",
    "https://evil.example/caldav.icloud.com:443",
    "https://caldav.icloud.com@evil.example/",
    "https://anna@caldav.icloud.com/",
    "https://caldav.icloud.com:443\n.evil.example/",
    "https://caldav.icloud.com:443x/",
    "ftp://caldav.icloud.com/",
]


@pytest.mark.parametrize("url", APPLES)
def test_icloud_is_trusted_with_its_partitions(url: str) -> None:
    assert AppleSettings().trusts(URL(url, encoded=True))


@pytest.mark.parametrize("url", FOREIGN)
def test_nobody_else_is_trusted(url: str) -> None:
    assert not AppleSettings().trusts(URL(url, encoded=True))


def test_another_server_has_no_partitions() -> None:
    settings = AppleSettings(start_url="https://dav.example.com/dav/", allowed_hosts="")
    assert settings.trusts(URL("https://dav.example.com/x"))
    assert not settings.trusts(URL("https://p1-dav.example.com/x"))
    assert (settings.start_path, settings.host_family) == ("/dav/", "dav.example.com")


@pytest.mark.parametrize(
    "url",
    [
        "http://caldav.icloud.com",
        "https://anna:x@dav.example.com",
        "https://x.example/?a=b",
        "ftp://localhost",
    ],
)
def test_a_start_that_would_give_passwords_away_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="start_url"):
        AppleSettings(start_url=url)
