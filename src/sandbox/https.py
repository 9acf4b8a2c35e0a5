"""TLS of the sandbox: a certificate authority of its own, and servers on loopback ports."""

import ssl
from dataclasses import dataclass
from functools import cache

import trustme
from aiohttp import web


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A certificate authority and the server side of one certificate it issued for localhost."""

    pem: bytes
    server_context: ssl.SSLContext


@cache
def authority() -> Authority:
    """The authority of this process, made once: keys take a while to generate."""
    made = trustme.CA(organization_name="CalendarSync sandbox")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.issue_cert("localhost", "127.0.0.1", "::1").configure_cert(context)
    return Authority(pem=made.cert_pem.bytes(), server_context=context)


async def serve_also_plain(runner: web.AppRunner) -> int:
    """The same application without TLS, on this machine only; the port."""
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return int(runner.addresses[-1][1])


async def serve(app: web.Application, host: str, port: int, *, tls: bool) -> tuple[web.AppRunner, int]:
    """Serve an application; returns its runner and the port it got (`port` 0 takes a free one)."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    context = authority().server_context if tls else None
    site = web.TCPSite(runner, host, port, ssl_context=context)
    try:
        await site.start()
    except OSError:
        await runner.cleanup()
        raise
    return runner, int(runner.addresses[0][1])
