"""What an authority is asked, on answers made by hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from yarl import URL

from adapters.web.authority_http import AuthorityHttp
from adapters.web.connections import open_http
from adapters.web.metered_http import MeteredHttp
from application.ports.meters import Unmeasured
from domain.access import ProviderUnavailable
from tests.adapters.web.scripted_server import ScriptedServer
from tests.fakes.clock import MovableClock
from tests.support.id_tokens import published_key

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
FORM = {"grant_type": "refresh_token", "refresh_token": "1//s3cret+/="}


@asynccontextmanager
async def _authority(
    server: ScriptedServer, within: timedelta = timedelta(seconds=5)
) -> AsyncIterator[AuthorityHttp]:
    async with open_http(ca_file=server.ca_file, connect_timeout=timedelta(seconds=5)) as http:
        metered = MeteredHttp(http=http, meter=Unmeasured())
        yield AuthorityHttp(http=metered, clock=MovableClock(NOW), within=within)


def _answer(server: ScriptedServer, body: bytes = b"{}", status: int = 200, **headers: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(body=body, status=status, headers=named)

    server.handler = answer


@pytest.mark.parametrize("status", [200, 400, 401, 403])
async def test_a_form_is_sent_and_its_answer_read_success_or_refusal(
    server: ScriptedServer, status: int
) -> None:
    _answer(server, b'{"error": "invalid_grant", "error_subtype": "invalid_rapt"}', status)
    async with _authority(server) as authority:
        answer = await authority.post(URL(server.url), FORM)
    assert answer.status == status
    assert answer.members == {"error": "invalid_grant", "error_subtype": "invalid_rapt"}
    (request,) = server.asked
    assert (request.method, dict(await request.post())) == ("POST", FORM)
    assert request.content_type == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("body", [b"", b"{}", b"<html></html>"])
async def test_what_was_revoked_is_so_whatever_the_body(server: ScriptedServer, body: bytes) -> None:
    _answer(server, body)
    async with _authority(server) as authority:
        assert await authority.revoke(URL(server.url), {"token": "1//s3cret+/="}) is None
    (request,) = server.asked
    assert (request.method, dict(await request.post())) == ("POST", {"token": "1//s3cret+/="})


async def test_a_refused_revocation_says_why(server: ScriptedServer) -> None:
    _answer(server, b'{"error": "invalid_token"}', 400)
    async with _authority(server) as authority:
        assert await authority.revoke(URL(server.url), FORM) == {"error": "invalid_token"}


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_failing_server_is_an_outage_with_its_own_wish(server: ScriptedServer, status: int) -> None:
    _answer(server, b'{"error": "invalid_grant"}', status, Retry_After="12")
    async with _authority(server) as authority:
        url = URL(server.url)
        for ask in (authority.post(url, FORM), authority.revoke(url, FORM), authority.keys(url)):
            with pytest.raises(ProviderUnavailable) as caught:
                await ask
            assert caught.value.retry_after == timedelta(seconds=12)
            assert caught.value.throttled is (status == 429)


@pytest.mark.parametrize("status", [200, 302, 400])
@pytest.mark.parametrize(
    "body", [b"", b"<html></html>", b"[]", b'{"cut', b'{"a":"' + b"x" * 1_000_001 + b'"}']
)
async def test_what_is_no_json_object_of_sane_size_is_an_outage(
    server: ScriptedServer, status: int, body: bytes
) -> None:
    _answer(server, body, status)
    async with _authority(server) as authority:
        for ask in (authority.post(URL(server.url), FORM), authority.keys(URL(server.url))):
            with pytest.raises(ProviderUnavailable):
                await ask


async def test_an_answer_that_takes_too_long_is_an_outage(server: ScriptedServer) -> None:
    done = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        await done.wait()
        return web.Response()

    server.handler = hang
    async with _authority(server, within=timedelta(milliseconds=100)) as authority:
        with pytest.raises(ProviderUnavailable):
            await authority.post(URL(server.url), FORM)
    done.set()


@pytest.mark.parametrize("status", [200, 401])
async def test_an_answer_tells_how_far_the_clocks_are_apart(server: ScriptedServer, status: int) -> None:
    async with _authority(server) as authority:
        for date, difference in (
            ("Mon, 01 Mar 2027 12:10:00 GMT", timedelta(minutes=10)),
            ("Mon, 01 Mar 2027 11:50:00 GMT", timedelta(minutes=-10)),
            ("some time", None),
        ):
            _answer(server, status=status, Date=date)
            assert (await authority.post(URL(server.url), FORM)).clock_difference == difference


async def test_keys_come_with_the_life_they_have(server: ScriptedServer) -> None:
    _answer(server, b'{"keys": []}', Cache_Control="public, max-age=23000", Age="1000")
    async with _authority(server) as authority:
        keys = await authority.keys(URL(server.url))
    assert (keys.document, keys.lifetime) == ({"keys": []}, timedelta(seconds=22_000))


async def test_keys_that_are_refused_are_an_outage(server: ScriptedServer) -> None:
    _answer(server, web.json_response({"keys": [published_key("key-1")]}).body, 404)  # type: ignore[arg-type]
    async with _authority(server) as authority:
        with pytest.raises(ProviderUnavailable):
            await authority.keys(URL(server.url))


async def test_no_token_is_printed(server: ScriptedServer) -> None:
    _answer(server, b'{"access_token": "s3cret"}')
    async with _authority(server) as authority:
        assert "s3cret" not in repr(await authority.post(URL(server.url), FORM))
