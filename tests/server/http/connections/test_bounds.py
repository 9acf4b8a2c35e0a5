"""Over real connections: nobody is waited for longer than the limits say, and who is slow keeps nobody else out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import cast

import pytest
import pytest_asyncio
from aiohttp import web

from server.http.connections.limits import LARGEST_HEAD, MOST_HEADERS, HttpLimits
from server.http.connections.peers import TrustedProxies
from tests.server.http.browser import Browser, at_http
from tests.server.http.connections.wire import Wire, connected, status_of
from tests.server.http.delivering import deliver, item_of, subscribe
from tests.server.served import Logs, World
from tests.support.paths import CALLBACK_PATH, NOTIFICATIONS_PATH

SHORT = timedelta(seconds=0.2)
LONG = timedelta(minutes=1)
HALF = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
WHOLE = HALF + b"\r\n"
DELIVERY = (
    b"POST "
    + NOTIFICATIONS_PATH.encode()
    + b" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 13\r\n\r\n"
)
FORM = (
    b"POST " + CALLBACK_PATH.encode() + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
)
CANARY = b"c4n4ry"


@pytest_asyncio.fixture
async def hasty(world: World) -> AsyncIterator[Browser]:
    """Where everything must be quick, and few may come."""
    limits = HttpLimits(
        head=SHORT, body=SHORT, idle=SHORT, taking=SHORT, connections=12, connections_per_address=5
    )
    async with at_http(world, world.container.web_app(), limits=limits) as browser:
        yield browser


@pytest_asyncio.fixture
async def patient(world: World) -> AsyncIterator[Browser]:
    """Where few may come, who are waited for for long."""
    limits = HttpLimits(head=LONG, body=LONG, idle=LONG, connections=12, connections_per_address=5)
    async with at_http(world, world.container.web_app(), limits=limits) as browser:
        yield browser


async def _drip(wire: Wire, raw: bytes) -> None:
    """A byte now and then, until nobody listens any more."""
    for one in raw:
        try:
            await wire.send(bytes([one]))
        except ConnectionError:
            return
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("before", [b"", WHOLE], ids=["first", "later"])
async def test_a_head_that_drips_in_is_cut_off(hasty: Browser, logs: Logs, before: bytes) -> None:
    async with connected(hasty) as wire:
        if before:
            await wire.send(before)
            assert status_of(await wire.answer()) == 200
        dripping = asyncio.create_task(_drip(wire, b"GET /" + CANARY * 100))
        answer = await wire.rest()
        await dripping

    assert CANARY not in answer
    assert [line["slow_head"] for line in logs.of("connections cut off")] == [1]


@pytest.mark.parametrize("before", [b"", WHOLE], ids=["first", "later"])
async def test_who_stops_within_a_head_is_told_so(hasty: Browser, before: bytes) -> None:
    async with connected(hasty) as wire:
        if before:
            await wire.send(before)
            await wire.answer()
        await wire.send(b"GET /" + CANARY)
        answer = await wire.rest()

    assert status_of(answer) == 408
    assert b"Content-Security-Policy: default-src 'none'" in answer
    assert CANARY not in answer


@pytest.mark.parametrize("head", [DELIVERY, FORM], ids=["delivery", "form"])
async def test_a_body_that_drips_in_is_cut_off(hasty: Browser, logs: Logs, head: bytes) -> None:
    async with connected(hasty) as wire:
        await wire.send(head)
        dripping = asyncio.create_task(_drip(wire, b'{"a'))
        answer = await wire.rest()
        await dripping

    assert status_of(answer) == 408
    assert answer.endswith(b"\r\n\r\n")
    assert [line["slow_body"] for line in logs.of("connections cut off")] == [1]
    assert logs.of("request") == []


async def test_the_body_of_what_nobody_reads_is_not_waited_for(hasty: Browser) -> None:
    async with connected(hasty) as wire:
        await wire.send(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n")
        assert status_of(await wire.rest()) == 404


@pytest.mark.parametrize("raw", [b"", WHOLE], ids=["says nothing", "has been answered"])
async def test_who_says_nothing_is_let_go_without_a_word(hasty: Browser, logs: Logs, raw: bytes) -> None:
    async with connected(hasty) as wire:
        if raw:
            await wire.send(raw)
            await wire.answer()
        assert await wire.rest() == b""
    assert logs.of("connections cut off") == []


async def test_who_does_not_take_the_answer_is_let_go(world: World, logs: Logs) -> None:
    async def large(_request: web.Request) -> web.Response:
        return web.Response(body=bytes(32 * 1024 * 1024))

    app = web.Application()
    app.router.add_get("/healthz", large)
    async with at_http(world, app, limits=HttpLimits(taking=SHORT)) as browser, connected(browser) as wire:
        cast("asyncio.Transport", wire.writer.transport).pause_reading()
        await wire.send(WHOLE)
        (told,) = await logs.until("connections cut off")
    assert told["slow_reader"] == 1


async def test_one_address_with_half_requests_keeps_nobody_out(patient: Browser, logs: Logs) -> None:
    await subscribe(patient)
    async with AsyncExitStack() as stack:
        halves = [await stack.enter_async_context(connected(patient, source="127.0.0.9")) for _ in range(20)]
        for half in halves:
            await half.send(HALF)
        for half in halves[:15]:
            await half.rest()

        assert (await deliver(patient, item_of(patient))).status == 202
        assert (await patient.get("/oauth/result/connected")).status == 200
        for half in halves[-5:]:
            await half.send(b"\r\n")
            assert status_of(await half.answer()) == 200
    assert patient.world.store.take_woken() == ["read_calendar"]
    assert len(logs.of("connections cut off")) == 1


async def test_many_addresses_with_half_requests_keep_nobody_out(patient: Browser) -> None:
    async with AsyncExitStack() as stack:
        for number in range(40):
            half = await stack.enter_async_context(connected(patient, source=f"127.0.1.{1 + number}"))
            await half.send((HALF, DELIVERY)[number % 2])
        for _ in range(3):
            async with connected(patient) as wire:
                await wire.send(WHOLE)
                assert status_of(await wire.answer()) == 200


async def test_a_head_of_many_or_large_headers_is_refused(hasty: Browser) -> None:
    line = b"X-%d: " + CANARY + b"x" * 900 + b"\r\n"
    for head in (b"".join(b"X-%d: a\r\n" % number for number in range(MOST_HEADERS + 1)), line * 200):
        async with connected(hasty) as wire:
            await wire.send((HALF + head)[: LARGEST_HEAD + 8_000] + b"\r\n")
            answer = await wire.rest()
        assert status_of(answer) in {400, 431}
        assert CANARY not in answer


async def test_a_trusted_proxys_clients_have_so_many_requests_at_once(world: World) -> None:
    limits = HttpLimits(body=LONG, connections_per_address=2, proxies=TrustedProxies.parse(["127.0.0.1"]))
    async with (
        at_http(world, world.container.web_app(), limits=limits) as browser,
        AsyncExitStack() as stack,
    ):

        async def ask(client: str) -> Wire:
            """One whose body is still on its way."""
            wire = await stack.enter_async_context(connected(browser))
            await wire.send(FORM[:-2] + b"X-Forwarded-For: spoofed, " + client.encode() + b"\r\n\r\n")
            return wire

        first, second = [await ask("192.0.2.1") for _ in range(2)]
        third = await ask("192.0.2.1")
        assert status_of(answer := await third.answer()) == 429
        assert b"Retry-After" in answer
        assert b"Server" not in answer

        other = await ask("192.0.2.2")
        await third.send(b"x" * 100)
        for wire in (first, second, other):
            await wire.send(b"x" * 100)
            assert status_of(await wire.answer()) == 400


async def test_nobody_else_speaks_for_others(world: World) -> None:
    """The header counts for nothing from a peer that is no proxy of ours: the connections of the peer itself do."""
    limits = HttpLimits(body=LONG, connections_per_address=2, proxies=TrustedProxies.parse(["10.0.0.0/8"]))
    async with (
        at_http(world, world.container.web_app(), limits=limits) as browser,
        AsyncExitStack() as stack,
    ):
        wires = [await stack.enter_async_context(connected(browser)) for _ in range(3)]
        for number, wire in enumerate(wires):
            await wire.send(HALF + b"X-Forwarded-For: 192.0.2.%d\r\n" % number)
        assert await wires[0].rest() == b""
        for wire in wires[1:]:
            await wire.send(b"\r\n")
            assert status_of(await wire.answer()) == 200
