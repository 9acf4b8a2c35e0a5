"""`python -m sandbox` as a process of its own."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

SOURCES = Path(__file__).parents[2] / "src"
Start = Callable[..., Awaitable[tuple[Process, dict[str, Any]]]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts the process and reads its line; whatever still runs afterwards is ended."""
    started: list[Process] = []

    async def start(*options: str) -> tuple[Process, dict[str, Any]]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sandbox", *options),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env={"PYTHONPATH": str(SOURCES)},
        )
        started.append(process)
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 20)
        return process, json.loads(line)

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_prints_its_addresses_once_it_serves(start: Start, tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    _, addresses = await start("--ca-file", str(ca_file), "--client-id", "my-app")
    assert (addresses["ca_file"], addresses["client_id"]) == (str(ca_file), "my-app")
    for name in ("icloud_url", "foreign_url"):
        assert addresses[name].startswith("https://localhost:")
    assert [one.partition(":")[0] for one in addresses["icloud_hosts"].split(",")] == ["localhost"] * 2
    assert ca_file.read_text().startswith("-----BEGIN CERTIFICATE-----")
    async with aiohttp.ClientSession() as session, session.get(f"{addresses['control_url']}/people") as reply:
        assert len(await reply.json()) >= 11


async def test_leads_browsers_to_pages_that_need_no_certificate(start: Start) -> None:
    _, addresses = await start("--plain-sign-in")
    async with aiohttp.ClientSession() as session:

        async def page(url: str, **parameters: str) -> str:
            async with session.get(url, params=parameters, ssl=False) as reply:
                return await reply.text()

        authority = addresses["authority"]
        assert authority.startswith("https://localhost:")
        configuration = json.loads(await page(f"{authority}/v2.0/.well-known/openid-configuration"))
        assert configuration["token_endpoint"].startswith("https://localhost:")
        how = {"response_type": "code", "redirect_uri": "http://localhost:1/back", "state": "s"}
        microsoft, google = configuration["authorization_endpoint"], addresses["google_authorization_url"]
        for url, client, scope, person in (
            (microsoft, "sandbox-client", "openid", "anna"),
            (google, "sandbox-google-client", "openid email", "gina"),
        ):
            assert url.startswith("http://localhost:")
            assert f'id="account-{person}"' in await page(url, client_id=client, scope=scope, **how)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_stops_cleanly_when_told(start: Start, number: signal.Signals) -> None:
    process, _ = await start()
    process.send_signal(number)
    _, errors = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, errors) == (0, b"")


async def test_stops_with_its_standard_input_when_asked_to(start: Start) -> None:
    process, _ = await start("--exit-with-stdin")
    assert process.stdin is not None
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 20) == 0


async def test_allows_only_the_redirects_it_was_given(start: Start, tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    _, addresses = await start("--ca-file", str(ca_file), "--redirect-uri-prefix", "http://localhost:1/")
    url = f"{addresses['authority']}/oauth2/v2.0/authorize?client_id=sandbox-client&response_type=code&scope=openid"
    async with aiohttp.ClientSession() as session:
        for redirect, decision in (("http://localhost:1/cb", 200), ("http://localhost:2/cb", 400)):
            order = {"authorization_url": f"{url}&redirect_uri={redirect}", "person": "anna"}
            async with session.post(f"{addresses['control_url']}/authorize-as", json=order) as reply:
                assert reply.status == decision
