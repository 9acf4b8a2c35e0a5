"""The application: its pages, and what holds for all of them - headers, forms, addresses, and failures as pages.

A page is a module with `routes`; its handlers take the expert from `logins`, call the `service`, and answer with
`pages.render` or, after a form, with `notices.see`.
"""

import logging
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import grpc.aio
from aiohttp import ClientSession, web
from aiohttp.typedefs import Handler

from calendarsync.v1.error_reason_pb2 import ERROR_REASON_EXPERT_NOT_FOUND
from calendarsync_client import aio_channel, failure_of
from connected_calendars import (
    accounts,
    booking,
    calendars,
    connecting,
    experts,
    live,
    one_session,
    trying,
    week,
)
from connected_calendars.beside_sandbox import SANDBOX, Sandbox
from connected_calendars.cookies import JAR, Jar, Signer, write_cookies
from connected_calendars.failures import OTHERWISE, STATUSES, Words, links_of, words_of
from connected_calendars.logins import CHOOSE_EXPERT, log_out, refuse_foreign_forms
from connected_calendars.notices import Notice, see
from connected_calendars.pages import STATIC, render
from connected_calendars.public_url import PUBLIC_URL, origin_of
from connected_calendars.service import SERVICE, Service

PAGES: Final = (
    experts.routes,
    accounts.routes,
    connecting.routes,
    calendars.routes,
    week.routes,
    booking.routes,
    one_session.routes,
    live.routes,
    trying.routes,
)
LONGEST_FORM_BYTES: Final = 512 * 1024
"""The longest notes, each character of which may be nine in a form."""
WITHOUT_REPEATS: Final = (("grpc.enable_retries", 0),)
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every answer. Addresses here have tokens in them at times, so nobody is told where somebody comes from."""
FOR_GOOD: Final = "public, max-age=31536000, immutable"
"""Of files whose address has their version in it."""
REFUSALS: Final = {
    400: Words(
        what="This address is incomplete, or the form was.", then="Go back, reload the page, and try again."
    ),
    403: Words(
        what="This form is out of date, or not one of ours.", then="Go back, reload the page, and try again."
    ),
    404: Words(what="There is no such page.", then="Look at your connected calendars."),
    405: Words(
        what="There is nothing to see at this address.",
        then="Forms are sent to it. Go on from your connected calendars.",
    ),
    413: Words(what="This is too long.", then="Go back, and shorten it."),
}
log = logging.getLogger("connected_calendars")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`service` is the address of its gRPC; `sandbox_control` the URL of a sandbox's control API, if there is one."""

    service: str
    public_url: str
    sandbox_control: str = ""


def make_app(options: Options) -> web.Application:
    """Needs a running loop only once it starts."""
    app = web.Application(
        middlewares=[live.remember_mark, failures_as_pages, only_by_our_name, refuse_foreign_forms],
        client_max_size=LONGEST_FORM_BYTES,
    )
    https = options.public_url.startswith("https://")
    app[JAR] = Jar(signer=Signer(), https=https)
    app[PUBLIC_URL] = origin_of(options.public_url)
    app[live.LIVE] = live.Live()

    async def clients(app: web.Application) -> AsyncIterator[None]:
        async with (
            aio_channel(options.service) as channel,
            aio_channel(options.service, options=WITHOUT_REPEATS) as once,
            ClientSession() as http,
        ):
            app[SERVICE] = Service.on(channel, once)
            if options.sandbox_control:
                app[SANDBOX] = Sandbox(control_url=options.sandbox_control, http=http)
            yield

    app.cleanup_ctx.append(clients)
    app.cleanup_ctx.append(live.keep_watch)
    app.on_shutdown.append(live.end_streams)
    app.on_response_prepare.append(write_cookies)
    app.on_response_prepare.append(_write_headers)
    for routes in PAGES:
        app.add_routes(routes)
    app.router.add_static("/static", STATIC)
    return app


async def _write_headers(request: web.Request, answer: web.StreamResponse) -> None:
    answer.headers.update(HEADERS)
    answer.headers.popall("Server", None)
    kept = answer.status in {200, 304} and request.path.startswith("/static/") and "v" in request.query
    answer.headers["Cache-Control"] = FOR_GOOD if kept else "no-store"
    if request.app[JAR].https:
        answer.headers["Strict-Transport-Security"] = "max-age=31536000"


@web.middleware
async def failures_as_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Around everything. Logs paths and never queries, in which there are secrets; as they were sent, since a decoded
    one can have a line break in it."""
    try:
        return await handler(request)
    except grpc.aio.AioRpcError as error:
        return _of_call(request, error)
    except web.HTTPException as refused:
        if refused.status < 400:
            raise
        words = REFUSALS.get(refused.status, Words(what=refused.reason, then="Go back, and try again."))
        return _page(request, refused.status, words)
    except Exception as error:  # noqa: BLE001 - the outermost place
        # Where it happened, and not its text, which may be about anybody.
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("%s failed with %s\n%s", _asked(request), type(error).__name__, where)
        return _page(request, 500, OTHERWISE)


def _asked(request: web.Request) -> str:
    return f"{request.method} {request.rel_url.raw_path}"


def _of_call(request: web.Request, error: grpc.aio.AioRpcError) -> web.Response:
    failure = failure_of(error)
    log.warning("%s: the service says %s %s", _asked(request), failure.code.name, failure.reason_name)
    words = words_of(failure)
    if failure.reason == ERROR_REASON_EXPERT_NOT_FOUND:
        log_out(request)
        return see(request, CHOOSE_EXPERT, Notice(title=words.what, text=words.then, good=False))
    return _page(request, STATUSES.get(failure.code, 502), words, links_of(failure))


def _page(request: web.Request, status: int, words: Words, links: object = ()) -> web.Response:
    return render(request, "failure.html", status=status, words=words, links=links)


@web.middleware
async def only_by_our_name(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Cookies and sign-ins belong to one name. Whoever comes by another (localhost for 127.0.0.1, or a stranger's name
    that leads here) is sent to ours, without what their address brought."""
    public_url = request.app[PUBLIC_URL]
    if request.host != urlsplit(public_url).netloc:
        raise web.HTTPTemporaryRedirect(public_url) if request.method == "GET" else web.HTTPMisdirectedRequest
    return await handler(request)
