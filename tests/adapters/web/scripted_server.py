"""A server over TLS that answers what a test tells it, and remembers what it was asked."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import trustme
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@cache
def authority() -> trustme.CA:
    return trustme.CA()


@cache
def _context() -> ssl.SSLContext:
    """Made once: a key for each server would take longer than most tests."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert("localhost").configure_cert(context)
    return context


async def empty_object(request: web.Request) -> web.Response:
    return web.json_response({})


@dataclass(kw_only=True)
class ScriptedServer:
    url: str = ""
    ca_file: Path
    handler: Handler = empty_object
    asked: list[web.Request] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        self.asked.append(request)
        return await self.handler(request)


@asynccontextmanager
async def scripted_server(folder: Path) -> AsyncIterator[ScriptedServer]:
    """`folder` is where the file of the authority goes."""
    scripted = ScriptedServer(ca_file=folder / "authority.pem")
    authority().cert_pem.write_to_path(scripted.ca_file)
    runner = web.ServerRunner(web.Server(scripted.answer), shutdown_timeout=0)  # type: ignore[arg-type]
    await runner.setup()
    site = web.TCPSite(runner, "localhost", 0, ssl_context=_context())
    await site.start()
    try:
        scripted.url = f"https://localhost:{runner.addresses[0][1]}"
        yield scripted
    finally:
        await runner.cleanup()
