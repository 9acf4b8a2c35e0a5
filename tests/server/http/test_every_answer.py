"""What holds for every answer of the HTTP side, whoever asked for whatever: its headers, and that it is no echo."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from domain.account import Provider
from server.http.links import (
    ALIVE_PATH,
    LIFECYCLE_PATH,
    READY_PATH,
    RECONNECT_PATH,
    RESULT_PATH,
    ROBOTS_PATH,
)
from tests.server.http.browser import Answer, Browser, at_http
from tests.server.http.connections.wire import connected, status_of
from tests.server.http.delivering import item_of
from tests.server.served import Logs, World
from tests.support.paths import CALLBACK_PATH, NOTIFICATIONS_PATH

CANARY = "c4n4ry"
TAKES: Mapping[str, set[str]] = {
    ALIVE_PATH: {"GET", "HEAD"},
    READY_PATH: {"GET", "HEAD"},
    CALLBACK_PATH: {"GET", "POST"},
    RESULT_PATH + CANARY: {"GET", "HEAD"},
    RECONNECT_PATH + CANARY: {"GET"},
    NOTIFICATIONS_PATH: {"POST"},
    LIFECYCLE_PATH: {"POST"},
    ROBOTS_PATH: {"GET", "HEAD"},
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
LENGTH = b"Content-Length: 2\r\n"
RAW = {
    "nonsense": b"\x16\x03\x01 c4n4ry\r\n\r\n",
    "an expectation": b"GET /healthz HTTP/1.1\r\nHost: h\r\nExpect: c4n4ry\r\nConnection: close\r\n\r\n",
    "an expectation of a route that there isn't": b"GET /c4n4ry HTTP/1.1\r\nHost: h\r\nExpect: c4n4ry\r\n\r\n",
    "two lengths": b"POST /healthz HTTP/1.1\r\nHost: h\r\n" + LENGTH + b"Content-Length: 3\r\n\r\nc4n4ry",
    "a length and chunks": b"POST /c4n4ry HTTP/1.1\r\n" + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an upgrade": b"GET /c4n4ry HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n",
    "a tunnel": b"CONNECT c4n4ry:443 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    "another's address": b"GET http://c4n4ry/ HTTP/1.1\r\nHost: c4n4ry\r\nConnection: close\r\n\r\n",
    "HTTP/1.0": b"GET /c4n4ry HTTP/1.0\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nc4n4ry",
}  # fmt: skip


@pytest_asyncio.fixture
async def secure(world: World) -> AsyncIterator[Browser]:
    async with at_http(world, world.container.web_app(https=True)) as browser:
        yield browser


def require_headers(headers: Mapping[str, str]) -> None:
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Server" not in headers


def require_silence(answer: Answer) -> None:
    assert CANARY not in answer.text
    assert all(CANARY not in f"{name}: {value}" for name, value in answer.headers.items())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", [*TAKES, f"/{CANARY}"])
async def test_every_route_takes_its_methods_and_answers_all_others_alike(
    browser: Browser, logs: Logs, path: str, method: str
) -> None:
    answer = await browser.get(f"{path}?{CANARY}={CANARY}", method, headers={"X-Canary": CANARY})

    if path not in TAKES:
        assert answer.status == 404
    elif method in TAKES[path]:
        assert answer.status not in {404, 405} or path == RESULT_PATH + CANARY
    else:
        assert answer.status == 405
        assert set(answer.headers["Allow"].split(",")) == TAKES[path]
    assert answer.status < 500
    require_headers(answer.headers)
    require_silence(answer)
    assert CANARY not in logs.text


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW)
async def test_what_is_hardly_http_is_refused_with_the_same_headers(
    browser: Browser, logs: Logs, raw: bytes
) -> None:
    async with connected(browser) as wire:
        await wire.send(raw)
        answer = await wire.rest()

    assert status_of(answer) in {400, 404, 405, 417}
    assert CANARY.encode() not in answer
    head = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    require_headers(dict(line.split(": ", 1) for line in head))
    assert CANARY not in logs.text
    assert not [line for line in logs.lines if line["level"] in {"error", "warning"}]


async def test_browsers_are_told_to_come_by_https_only_where_they_can(
    browser: Browser, secure: Browser
) -> None:
    assert "Strict-Transport-Security" not in (await browser.get("/")).headers
    for path in (*TAKES, "/nowhere"):
        assert (await secure.get(path)).headers["Strict-Transport-Security"] == "max-age=31536000"
    async with connected(secure) as wire:
        await wire.send(b"nonsense\r\n\r\n")
        assert b"Strict-Transport-Security: max-age=31536000" in await wire.rest()


async def test_whoever_asks_before_sending_a_body_is_told_to_go_on(browser: Browser) -> None:
    body = b"state=c4n4ry&code=c"
    head = (
        f"POST {CALLBACK_PATH} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n"
    )
    async with connected(browser) as wire:
        await wire.send(head.encode() + b"Content-Type: application/x-www-form-urlencoded\r\n\r\n")
        assert await wire.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await wire.send(body)
        answer = await wire.answer()

    assert status_of(answer) == 404
    assert CANARY.encode() not in answer


async def test_requests_that_come_together_are_answered_in_their_order(browser: Browser) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
    chunked = (
        b"POST /oauth/microsoft/callback HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\n7\r\nstate=s\r\n7\r\n&code=c\r\n0\r\n\r\n"
    )
    async with connected(browser) as wire:
        await wire.send(one + chunked + b"GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n" + one)
        assert [status_of(await wire.answer()) for _ in range(4)] == [200, 404, 404, 200]


async def test_an_old_client_is_answered_and_let_go(browser: Browser) -> None:
    async with connected(browser) as wire:
        await wire.send(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert status_of(await wire.rest()) == 200


async def test_the_check_of_the_address_alone_repeats_what_it_was_sent_as_plain_text(
    browser: Browser,
) -> None:
    answer = await browser.get(f"{NOTIFICATIONS_PATH}?validationToken=%3Cb%3E{CANARY}", "POST")

    assert (answer.status, answer.text) == (200, f"<b>{CANARY}")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    require_headers(answer.headers)


INSIDE = (
    "postgres", "psycopg", "database", "schema", "aiohttp", "python", "grpc", "smtp", "alarm", "misconfigured",
    "version", "tzdata", "worker", "stack", "traceback",
)  # fmt: skip


@pytest.mark.parametrize("away", [False, True], ids=["well", "the database is away"])
async def test_no_answer_tells_anything_of_the_inside(subscribed: Browser, away: bool) -> None:
    browser = subscribed
    browser.world.container.alarms().provider_misconfigured(Provider.MICROSOFT, "7000222")
    state = await browser.start()
    browser.world.store.away = away
    asked: list[tuple[str, str, dict[str, Any]]] = [
        (path, method, {}) for path in TAKES for method in sorted(TAKES[path])
    ]
    asked += [(CALLBACK_PATH, "GET", {"params": {"state": state, "code": "c"}})]
    asked += [(NOTIFICATIONS_PATH, "POST", {"json": item_of(browser)})]
    for path, method, how in asked:
        answer = await browser.get(path, method, **how)
        told = f"{answer.text} {dict(answer.headers)}".lower()
        assert not [word for word in INSIDE if word in told], (path, method, told)


async def test_health_says_a_word_and_no_more(browser: Browser) -> None:
    assert (await browser.get(ALIVE_PATH)).text == (await browser.get(READY_PATH)).text == "ok"
