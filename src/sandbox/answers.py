"""What a handler answers, and how an answer reaches the client whole, spoilt or not at all."""

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from sandbox.world.faults import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A status, a JSON document (or text, if a string; None for no body) and headers."""

    status: int = 200
    body: Any = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """The body as bytes. Half a surrogate pair, which UTF-8 has no bytes for, is written as JSON's escape."""
        if self.body is None:
            return b""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)
        return text.encode(errors="backslashreplace")


Work = Callable[[], Answer | Awaitable[Answer]]


class Hangs:
    """Requests made to wait as at a stuck server; a reset or a stop lets them all go on."""

    def __init__(self) -> None:
        self._released = asyncio.Event()
        self._reached = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Wait that long, or until `release`."""
        self._reached.set()
        try:
            await asyncio.wait_for(self._released.wait(), seconds)
        except TimeoutError:
            return

    async def reached(self) -> None:
        """Wait until a request hangs (one that came since the last `release`)."""
        await self._reached.wait()

    def release(self) -> None:
        """Let everything that waits now go on at once."""
        self._released.set()
        self._released, self._reached = asyncio.Event(), asyncio.Event()


async def deliver(
    request: web.Request,
    work: Work,
    fault: Fault | None,
    hangs: Hangs,
    *,
    headers: dict[str, str] | None = None,
    envelope: dict[str, str] | None = None,
) -> web.StreamResponse:
    """Do the work and send its answer, or what a fault makes of it.

    `headers` go with every answer; `envelope` becomes the innerError of an error that a fault ordered.
    """
    common = headers or {}
    if fault is None:
        return _response(await _done(work), common)
    match fault.kind:
        case "hang":
            done = await _done(work) if fault.perform else None
            await hangs.wait(fault.seconds)
            return _response(done or await _done(work), common)
        case "truncate" | "without_value":
            return _response(_spoilt(await _done(work), fault), common)
        case "cut_inside":
            return await _cut_inside(request, await _done(work), common)
    if fault.perform:
        await _done(work)
    return _cut(request) if fault.kind == "cut" else _response(_ordered(fault, envelope), common)


async def _done(work: Work) -> Answer:
    answer = work()
    return await answer if inspect.isawaitable(answer) else answer


def _ordered(fault: Fault, envelope: dict[str, str] | None) -> Answer:
    body = fault.body
    if envelope and isinstance(body, dict) and isinstance(body.get("error"), dict):
        body = body | {"error": {"innerError": envelope} | body["error"]}
    return Answer(
        status=fault.status, body=body, content_type=fault.content_type, headers=dict(fault.headers)
    )


def _spoilt(answer: Answer, fault: Fault) -> Answer:
    if fault.kind == "truncate":
        text = answer.encoded().decode()
        return replace(answer, body=text[: len(text) // 2])
    kept = answer.body
    if isinstance(kept, dict):
        kept = {name: value for name, value in kept.items() if name != "value"}
    return replace(answer, body=kept)


def _response(answer: Answer, common: dict[str, str]) -> web.Response:
    content_type = answer.content_type if answer.body is not None else None
    return web.Response(
        status=answer.status,
        body=answer.encoded() or None,
        headers=common | answer.headers,
        content_type=content_type,
        charset="utf-8" if content_type else None,
    )


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)


async def _cut_inside(request: web.Request, answer: Answer, common: dict[str, str]) -> web.StreamResponse:
    body = answer.encoded() or b"{}"
    reply = web.StreamResponse(status=answer.status, headers=common | answer.headers)
    reply.content_type = answer.content_type
    reply.content_length = len(body)
    await reply.prepare(request)
    await reply.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return reply
