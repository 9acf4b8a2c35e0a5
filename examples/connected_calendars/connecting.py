"""Signing in at a provider, and the way back.

What a product must do as it is done here: begin with a form of its own; send the browser on with `authorization_url`,
which is a secret; and when the browser is back, call ConfirmConnection with the expert who is *logged in* and with the
token, which leaves the address bar at once and is in no log.
"""

from typing import Final

import grpc
import grpc.aio
from aiohttp import web

from calendarsync.v1.account_pb2 import Provider
from calendarsync.v1.account_service_pb2 import ConfirmConnectionRequest, StartConnectionRequest
from connected_calendars.beside_sandbox import SANDBOX
from connected_calendars.failures import failure_notice, words_for
from connected_calendars.logins import logged_in
from connected_calendars.notices import Notice, see
from connected_calendars.pages import render
from connected_calendars.providers import provider_by_key, provider_key
from connected_calendars.public_url import PUBLIC_URL
from connected_calendars.service import SERVICE

routes = web.RouteTableDef()
NOT_CONNECTED: Final = "The calendar was not connected"
ACCOUNTS: Final = "/accounts"


@routes.post("/connect/{provider}")
async def start(request: web.Request) -> web.Response:
    """Begins a sign-in, for a new account or, with `account_id`, to reconnect one; beside a sandbox perhaps as a
    `person` of it, past the provider's pages."""
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
    url, person = started.authorization_url, str(form.get("person", ""))
    if person and SANDBOX in request.app:
        url = await request.app[SANDBOX].sign_in(url, person)
    # A page and no redirect: browsers hold the way on from a form to `form-action`, and this one leads elsewhere.
    return render(
        request, "onward.html", provider=provider, url=url, permissions=started.additional_permissions
    )


@routes.get("/connected/{provider}")
async def back(request: web.Request) -> web.Response:
    """Where the service sends browsers after a sign-in. Nothing of the query is believed but by ConfirmConnection."""
    provider, query = _provider(request), request.query
    if query.get("outcome") == "failed":
        words = words_for(query.get("reason", ""), provider)
        return see(
            request, ACCOUNTS, Notice(title=NOT_CONNECTED, text=f"{words.what} {words.then}", good=False)
        )
    return await _confirm(request, provider, query.get("token", ""))


async def _confirm(request: web.Request, provider: Provider.ValueType, token: str) -> web.Response:
    wanted = ConfirmConnectionRequest(expert_id=logged_in(request), token=token)
    try:
        confirmed = await request.app[SERVICE].accounts.ConfirmConnection(wanted)
    except grpc.aio.AioRpcError as error:
        return see(request, ACCOUNTS, failure_notice(NOT_CONNECTED, error, provider))
    again = " again" if confirmed.reconnected else ""
    return see(
        request, ACCOUNTS, Notice(title=f"{confirmed.account.email or 'The account'} is connected{again}")
    )


def _provider(request: web.Request) -> Provider.ValueType:
    provider = provider_by_key(request.match_info["provider"])
    if provider is None:
        raise web.HTTPNotFound
    return provider
