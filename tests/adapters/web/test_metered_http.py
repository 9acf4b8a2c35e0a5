"""Single requests: what comes back, what is counted, and how each way of getting no answer is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from yarl import URL

from adapters.web.connections import open_http
from adapters.web.metered_http import Answer, MeteredHttp, TooSlow
from adapters.web.request_names import CUT_OFF, TIMED_OUT, UNREACHABLE
from application.ports.meters import Unmeasured
from domain.access import InvalidAnswer, ProviderUnavailable
from tests.adapters.web.scripted_server import ScriptedServer

KIND = "read"


@dataclass
class Counted(Unmeasured):
    outcomes: list[tuple[str, str]] = field(default_factory=list)

    def requested(self, kind: str, outcome: str, seconds: float) -> None:
        assert seconds > 0
        self.outcomes.append((kind, outcome))


@asynccontextmanager
async def _asking(server: ScriptedServer) -> AsyncIterator[tuple[MeteredHttp, Counted]]:
    async with open_http(ca_file=server.ca_file, connect_timeout=timedelta(seconds=5)) as http:
        yield MeteredHttp(http=http, meter=(counted := Counted())), counted


async def _ask(http: MeteredHttp, url: str, method: str = "GET", **how: Any) -> Answer:
    usual: dict[str, Any] = {
        "kind": KIND,
        "headers": {"Accept": "application/json"},
        "within": timedelta(seconds=5),
        "largest_bytes": 1_000,
        "reads": True,
    }
    return await http.request(method, URL(url), **(usual | how))


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "2xx"), (302, "3xx"), (403, "4xx"), (429, "429"), (503, "5xx")]
)
async def test_every_answer_is_one_whatever_its_status(
    server: ScriptedServer, status: int, outcome: str
) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, text="x" * 1_000, headers={"Location": "/elsewhere", "X-One": "1"})

    server.handler = answer
    async with _asking(server) as (http, counted):
        got = await _ask(http, server.url)
    assert (got.status, got.body, got.headers["x-one"]) == (status, b"x" * 1_000, "1")
    assert counted.outcomes == [(KIND, outcome)]
    assert len(server.asked) == 1, "a redirect is followed by nobody"


@pytest.mark.parametrize("body", [{"json": {"a": 1}}, {"data": {"a": "1"}}])
async def test_what_is_to_be_sent_arrives(server: ScriptedServer, body: dict[str, Any]) -> None:
    async with _asking(server) as (http, _):
        await _ask(http, server.url, "POST", reads=False, **body)
    (request,) = server.asked
    sent = await request.json() if "json" in body else dict(await request.post())
    assert sent == next(iter(body.values()))
    assert request.headers["Accept"] == "application/json"


async def test_more_than_may_be_read_is_no_answer(server: ScriptedServer) -> None:
    async def large(request: web.Request) -> web.Response:
        return web.Response(text="x" * 1_001)

    server.handler = large
    async with _asking(server) as (http, counted):
        with pytest.raises(InvalidAnswer):
            await _ask(http, server.url)
    assert counted.outcomes == [(KIND, CUT_OFF)]


async def test_an_answer_that_takes_too_long_is_told_as_such(server: ScriptedServer) -> None:
    done = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        await done.wait()
        return web.Response()

    server.handler = hang
    async with _asking(server) as (http, counted):
        with pytest.raises(TooSlow):
            await _ask(http, server.url, within=timedelta(milliseconds=100))
    done.set()
    assert counted.outcomes == [(KIND, TIMED_OUT)]


@pytest.mark.parametrize("reads", [True, False])
async def test_of_a_request_that_is_cut_off_only_a_read_has_no_unknown_outcome(
    server: ScriptedServer, *, reads: bool
) -> None:
    async def cut(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    server.handler = cut
    async with _asking(server) as (http, counted):
        with pytest.raises(ProviderUnavailable) as caught:
            await _ask(http, server.url, reads=reads)
    assert caught.value.outcome_unknown is not reads
    assert counted.outcomes == [(KIND, CUT_OFF)]


async def test_of_a_request_that_was_never_sent_the_outcome_is_known(server: ScriptedServer) -> None:
    async with _asking(server) as (http, counted):
        with pytest.raises(ProviderUnavailable) as caught:
            await _ask(http, "https://localhost:1", reads=False)
    assert not caught.value.outcome_unknown
    assert counted.outcomes == [(KIND, UNREACHABLE)]


async def test_nothing_personal_is_printed_of_an_answer(server: ScriptedServer) -> None:
    async def secret(request: web.Request) -> web.Response:
        return web.Response(text="s3cret", headers={"X-Token": "s3cret"})

    server.handler = secret
    async with _asking(server) as (http, _):
        assert "s3cret" not in repr(await _ask(http, server.url))


@dataclass
class _Sink:
    """Reads successes, up to a chunk that it can't bear."""

    unbearable: bytes = b"never"
    taken: bytes = b""

    def wants(self, status: int) -> bool:
        return status == 200

    async def take(self, chunk: bytes) -> None:
        if self.unbearable in chunk:
            raise InvalidAnswer(what="unbearable")
        self.taken += chunk


async def test_an_answer_that_somebody_reads_is_not_held(server: ScriptedServer) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=200 if request.method == "GET" else 403, text="x" * 500)

    server.handler = answer
    async with _asking(server) as (http, _):
        got = await _ask(http, server.url, sink=(sink := _Sink()))
        refused = await _ask(http, server.url, "POST", sink=sink)
    assert (got.body, sink.taken) == (b"", b"x" * 500)
    assert (refused.status, refused.body) == (403, b"x" * 500)


async def test_what_is_read_elsewhere_is_bounded_and_counted_alike(server: ScriptedServer) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="x" * 1_001)

    server.handler = answer
    async with _asking(server) as (http, counted):
        for sink in (_Sink(), _Sink(unbearable=b"x")):
            with pytest.raises(InvalidAnswer):
                await _ask(http, server.url, sink=sink)
    assert counted.outcomes == [(KIND, CUT_OFF)] * 2
