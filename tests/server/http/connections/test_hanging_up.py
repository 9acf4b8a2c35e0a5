"""Whoever has gone gets no answer, and that is no fault of ours, also while the connection is only being closed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from server.addresses import Address
from server.http.app import http_server
from server.http.middleware import log_request
from tests.server.http.connections.wire import Wire
from tests.server.served import Logs

GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


def _hang_up(request: web.Request) -> None:
    assert request.transport is not None
    request.transport.abort()
    assert request.transport.is_closing(), "and nobody has been told yet"


async def _expected(request: web.Request) -> None:
    """As the library tells senders to go on."""
    _hang_up(request)
    await request.writer.write(GO_ON)


async def _handled(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    _hang_up(request)
    await answer.prepare(request)
    await answer.write(b"too late")
    return answer


@asynccontextmanager
async def _serving() -> AsyncIterator[int]:
    app = web.Application(middlewares=[log_request])
    app.router.add_post("/expected", _handled, expect_handler=_expected)
    app.router.add_post("/handled", _handled)
    with Address("127.0.0.1", 0).bound() as listening:
        async with http_server(app, listening, grace=5) as server:
            yield server.port


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"POST /expected HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n", id="before a route"),
        pytest.param(b"POST /handled HTTP/1.1\r\nHost: h\r\n", id="in a route"),
    ],
)
async def test_who_is_being_cut_off_is_no_fault_of_ours(logs: Logs, head: bytes) -> None:
    async with _serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head + b"Content-Length: 0\r\n\r\n")
        assert await Wire(reader, writer).rest() == b""
        writer.close()

    assert not [line for line in logs.lines if line["level"] == "error"]
