"""Whom connections trust, and what they remember: nothing but what they were given."""

from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
import trustme
from aiohttp import web

from adapters.web.connections import open_http
from tests.adapters.web.scripted_server import ScriptedServer

CONNECT = timedelta(seconds=5)


async def test_trusts_the_configured_authority_and_not_the_environments(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(server.ca_file))
    async with open_http(ca_file=server.ca_file, connect_timeout=CONNECT) as http:
        assert (await http.get(server.url)).status == 200
    async with open_http(ca_file=tmp_path / "other.pem", connect_timeout=CONNECT) as wary:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await wary.get(server.url)
    assert len(server.asked) == 1


async def test_takes_no_proxy_from_the_environment(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    async with open_http(ca_file=server.ca_file, connect_timeout=CONNECT) as http:
        assert (await http.get(server.url)).status == 200


async def test_keeps_no_cookie(server: ScriptedServer) -> None:
    async def of_one_person(request: web.Request) -> web.Response:
        return web.json_response({}, headers={"Set-Cookie": "of=one-person; path=/; secure"})

    server.handler = of_one_person
    async with open_http(ca_file=server.ca_file, connect_timeout=CONNECT) as http:
        for _ in range(2):
            assert (await http.get(server.url)).headers["Set-Cookie"]
    assert [request.headers.get("Cookie") for request in server.asked] == [None, None]
