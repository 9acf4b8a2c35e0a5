"""The connected accounts: how many the plan holds, how each stands, and how to part with one."""

import asyncio
from typing import Final

import grpc
import grpc.aio
from aiohttp import web

from calendarsync.v1.account_pb2 import Account
from calendarsync.v1.account_service_pb2 import (
    DisconnectAccountRequest,
    GetAccountRequest,
    ListAccountsRequest,
    ListIncidentsRequest,
)
from calendarsync.v1.error_reason_pb2 import ERROR_REASON_ACCOUNT_NOT_FOUND
from calendarsync_client import failure_of
from connected_calendars.experts import PLANS
from connected_calendars.logins import logged_in, logged_in_expert
from connected_calendars.notices import Notice, see
from connected_calendars.pages import render
from connected_calendars.providers import provider_name
from connected_calendars.service import SERVICE, Offer
from connected_calendars.standing import Standing, account_name
from connected_calendars.unconfirmed import waiting_sign_in

routes = web.RouteTableDef()
ACCOUNTS: Final = "/accounts"


@routes.get(ACCOUNTS)
async def show(request: web.Request) -> web.Response:
    """All accounts, the oldest first, and the providers at which another can be connected."""
    service, expert_id = request.app[SERVICE], logged_in(request)
    expert, listed, incidents, offers = await asyncio.gather(
        logged_in_expert(request),
        service.accounts.ListAccounts(ListAccountsRequest(expert_id=expert_id)),
        service.accounts.ListIncidents(ListIncidentsRequest(expert_id=expert_id)),
        service.offers(),
    )
    of_account = {one.account_id: one for one in incidents.incidents}
    return render(
        request,
        "accounts.html",
        expert=expert,
        standings=[Standing.of(one, of_account.get(one.account_id)) for one in listed.accounts],
        plan=PLANS.get(listed.plan, ""),
        limit=listed.account_limit,
        over_limit=listed.over_limit,
        full=len(listed.accounts) >= listed.account_limit,
        offers=[(provider, offer) for provider, offer in offers.items() if offer is not Offer.NO],
        waiting=waiting_sign_in(request),
    )


@routes.get("/accounts/{account_id}/disconnect")
async def ask(request: web.Request) -> web.Response:
    """Says what will be gone, and what stays, before anything happens."""
    expert = await logged_in_expert(request)
    return render(request, "disconnect.html", expert=expert, account=await _account(request))


@routes.post("/accounts/{account_id}/disconnect")
async def disconnect(request: web.Request) -> web.Response:
    """Leaves the address of the page on which the person ends the access for good: it is known only now."""
    try:
        account = await _account(request)
        wanted = DisconnectAccountRequest(expert_id=account.expert_id, account_id=account.account_id)
        answer = await request.app[SERVICE].accounts.DisconnectAccount(wanted)
    except grpc.aio.AioRpcError as error:
        # Nothing repeats this call by itself; whoever does so finds no account if it had been done.
        if failure_of(error).reason != ERROR_REASON_ACCOUNT_NOT_FOUND:
            raise
        return see(request, ACCOUNTS, Notice(title="This account is not connected"))
    name = provider_name(account.provider)
    notice = Notice(
        title=f"{account_name(account)} is disconnected",
        text=f"We have forgotten its calendars and our access. To end that for good, see to it at {name}, too.",
        links=[(f"Remove our access at {name}", answer.access_removal_url)],
    )
    return see(request, ACCOUNTS, notice)


async def _account(request: web.Request) -> Account:
    """The one in the address, if it is an account of whoever is logged in: ids of others are not found."""
    wanted = GetAccountRequest(expert_id=logged_in(request), account_id=request.match_info["account_id"])
    return (await request.app[SERVICE].accounts.GetAccount(wanted)).account
