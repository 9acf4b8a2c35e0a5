"""Signing in at a provider, and the way back.

What a product must do as it is done here: begin with a form of its own; send the browser on with `authorization_url`,
which is a secret; and when the browser is back, call ConfirmConnection with the expert who is *logged in* and with the
token, which leaves the address bar at once and is in no log.
"""

from typing import Final

import grpc
import grpc.aio
from aiohttp import web

from calendarsync.v1.account_pb2 import PROVIDER_APPLE, Provider
from calendarsync.v1.account_service_pb2 import ConfirmConnectionRequest, StartConnectionRequest
from calendarsync.v1.error_reason_pb2 import ERROR_REASON_ACCOUNT_LIMIT_REACHED
from calendarsync_client import failure_of
from connected_calendars.beside_sandbox import SANDBOX
from connected_calendars.failures import failure_notice, words_for
from connected_calendars.logins import CHOOSE_EXPERT, logged_in, whoever
from connected_calendars.notices import Notice, see
from connected_calendars.pages import render
from connected_calendars.providers import provider_by_key, provider_key
from connected_calendars.public_url import PUBLIC_URL
from connected_calendars.service import SERVICE
from connected_calendars.standing import account_name
from connected_calendars.unconfirmed import (
    LONGEST_TOKEN,
    Unconfirmed,
    drop_sign_in,
    keep_sign_in,
    waiting_sign_in,
)

routes = web.RouteTableDef()
ACCOUNTS: Final = "/accounts"
NOT_CONNECTED: Final = "The calendar was not connected"
DAMAGED: Final = Notice(
    title=NOT_CONNECTED,
    text="What came back from the sign-in is incomplete. Please connect it again.",
    good=False,
)
AFTER_LOGIN: Final = Notice(title="Your sign-in is nearly finished", text="Say who you are first.")
PASSING: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
    }
)
"""After these, another try with the same token may succeed."""


@routes.post("/connect/{provider}")
async def start(request: web.Request) -> web.Response:
    """Begins a sign-in, for a new account or, with `account_id`, to reconnect one."""
    provider, form = _provider(request), await request.post()
    wanted = StartConnectionRequest(
        expert_id=logged_in(request),
        provider=provider,
        account_id=str(form.get("account_id", "")),
        return_url=f"{request.app[PUBLIC_URL]}/connected/{provider_key(provider)}",
    )
    try:
        started = await request.app[SERVICE].accounts.StartConnection(wanted)
    except grpc.aio.AioRpcError as error:
        return see(request, ACCOUNTS, failure_notice(NOT_CONNECTED, error, provider))
    beside = request.app.get(SANDBOX)
    # A page and no redirect: browsers hold the way on from a form to `form-action`, and this one leads elsewhere.
    return render(
        request,
        "onward.html",
        provider=provider,
        url=started.authorization_url,
        permissions=started.additional_permissions,
        people=await beside.people(provider) if beside and provider == PROVIDER_APPLE else [],
        unknown_certificate=beside is not None and started.authorization_url.startswith("https://"),
    )


@routes.get("/connected/{provider}")
async def back(request: web.Request) -> web.Response:
    """Where the service sends browsers after a sign-in. Anybody can lead a browser here, so nothing that the query says
    counts until ConfirmConnection has said the same."""
    provider, query = _provider(request), request.query
    token = query.get("token", "")
    match query.get("outcome"):
        case "failed":
            words = words_for(query.get("reason", ""), provider)
            return see(
                request, ACCOUNTS, Notice(title=NOT_CONNECTED, text=f"{words.what} {words.then}", good=False)
            )
        case "pending" if 0 < len(token) <= LONGEST_TOKEN:
            sign_in = Unconfirmed(provider, token)
        case "connected" | "reconnected":
            # With CONFIRM_CONNECTIONS=off there is nothing to confirm. The list says what is connected.
            return see(request, ACCOUNTS)
        case _:
            return see(request, ACCOUNTS, DAMAGED)
    if not whoever(request):
        keep_sign_in(request, sign_in)
        return see(request, CHOOSE_EXPERT, AFTER_LOGIN)
    return await _confirm(request, sign_in)


@routes.post("/connected")
async def finish(request: web.Request) -> web.Response:
    """Tries again what could not be confirmed at once."""
    sign_in = waiting_sign_in(request)
    return see(request, ACCOUNTS, DAMAGED) if sign_in is None else await _confirm(request, sign_in)


async def _confirm(request: web.Request, sign_in: Unconfirmed) -> web.Response:
    wanted = ConfirmConnectionRequest(expert_id=logged_in(request), token=sign_in.token)
    try:
        confirmed = await request.app[SERVICE].accounts.ConfirmConnection(wanted)
    except grpc.aio.AioRpcError as error:
        failure = failure_of(error)
        may_succeed = failure.code in PASSING or failure.reason == ERROR_REASON_ACCOUNT_LIMIT_REACHED
        if may_succeed:
            keep_sign_in(request, sign_in)
        else:
            drop_sign_in(request)
        return see(request, ACCOUNTS, failure_notice(NOT_CONNECTED, error, sign_in.provider))
    drop_sign_in(request)
    again = " again" if confirmed.reconnected else ""
    notice = Notice(
        title=f"{account_name(confirmed.account)} is connected{again}",
        links=[("See your week", "/week"), ("Choose which calendars count", "/calendars")],
    )
    return see(request, ACCOUNTS, notice)


def _provider(request: web.Request) -> Provider.ValueType:
    provider = provider_by_key(request.match_info["provider"])
    if provider is None:
        raise web.HTTPNotFound
    return provider
