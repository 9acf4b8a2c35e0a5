"""/trying, only beside the sandbox: do to an account what its person or its provider might, and read the mails.

No product has this. Only accounts of whoever is logged in are touched, and only mails to them are shown.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import grpc.aio
from aiohttp import web

from calendarsync.v1.account_pb2 import Account
from calendarsync.v1.account_service_pb2 import ListAccountsRequest
from calendarsync.v1.availability_service_pb2 import ListBusyTimesRequest
from connected_calendars import clock, sandbox_orders
from connected_calendars.beside_sandbox import SANDBOX, Sandbox, SandboxRefused
from connected_calendars.logins import logged_in, logged_in_expert
from connected_calendars.notices import Notice, see
from connected_calendars.pages import render
from connected_calendars.providers import provider_name
from connected_calendars.service import SERVICE
from connected_calendars.wire import duration, instant, interval

routes = web.RouteTableDef()
HERE: Final = "/trying"
SHOWN_AS: Final = {"busy": "Busy", "oof": "Out of office", "tentative": "Tentative", "free": "Free"}
EVENT_MINUTES: Final = (30, 60, 120, 480)
Choice = TypeVar("Choice", str, int)


@routes.get(HERE)
async def show(request: web.Request) -> web.Response:
    """What can be done to each account, and the mails, the newest first."""
    sandbox, expert = _sandbox(request), await logged_in_expert(request)
    accounts = await _accounts(request)
    down, mails, calendars = await asyncio.gather(
        sandbox_orders.outages(sandbox),
        sandbox_orders.mails_to(sandbox, expert.email),
        asyncio.gather(*(_calendars_of(sandbox, one) for one in accounts)),
    )
    tomorrow = clock.now().astimezone(clock.zone_of(expert)) + timedelta(days=1)
    return render(
        request,
        "trying.html",
        expert=expert,
        accounts=list(zip(accounts, calendars, strict=True)),
        down=down,
        mails=mails,
        shown_as=SHOWN_AS,
        lengths=EVENT_MINUTES,
        suggested=tomorrow.replace(hour=10, minute=0),
    )


@routes.post(f"{HERE}/take-away")
async def take_away(request: web.Request) -> web.Response:
    """The person takes the access away at the provider, and the service comes by and finds it gone."""

    async def take(sandbox: Sandbox, account: Account, form: Any) -> Notice:
        await sandbox_orders.take_away(sandbox, account)
        await _have_it_looked_at(request)
        return Notice(
            title="The access is gone.",
            text=f"As if {account.email} had ended it at {provider_name(account.provider)}. See what your accounts "
            "and your week say now. A mail comes once the service has made sure.",
        )

    return await _order(request, take)


@routes.post(f"{HERE}/new-password")
async def new_password(request: web.Request) -> web.Response:
    """At Apple: what the person needs to connect the account again."""

    async def make(sandbox: Sandbox, account: Account, form: Any) -> Notice:
        password = await sandbox_orders.new_password(sandbox, account)
        return Notice(
            title="A new app-specific password", text=f"{account.email} can connect with {password}"
        )

    return await _order(request, make)


@routes.post(f"{HERE}/event")
async def enter_event(request: web.Request) -> web.Response:
    """The person enters something into a calendar of theirs."""

    async def enter(sandbox: Sandbox, account: Account, form: Any) -> Notice:
        zone = clock.zone_of(await logged_in_expert(request))
        calendars = await sandbox_orders.calendars_of(sandbox, account)
        start = _start(str(form["start"]), zone)
        await sandbox_orders.enter_event(
            sandbox,
            account,
            _one_of(calendars, form["calendar"]),
            start=start,
            end=start + timedelta(minutes=_one_of(EVENT_MINUTES, form["minutes"])),
            show_as=_one_of(SHOWN_AS, form["show_as"]),
        )
        await _have_it_looked_at(request)
        return Notice(title="It is in the calendar.", text="The week shows when, and never what.")

    return await _order(request, enter)


@routes.post(f"{HERE}/outage")
async def begin_outage(request: web.Request) -> web.Response:
    """The provider of an account answers nobody any more."""

    async def begin(sandbox: Sandbox, account: Account, form: Any) -> Notice:
        await sandbox_orders.begin_outage(sandbox, account.provider)
        return Notice(
            title=f"{provider_name(account.provider)} has an outage.",
            text="On your week, look at the calendars now to see what that means.",
        )

    return await _order(request, begin)


@routes.post(f"{HERE}/end-outages")
async def end_outages(request: web.Request) -> web.Response:
    """Of all providers: the sandbox forgets its faults together."""

    async def end(sandbox: Sandbox, account: Account, form: Any) -> Notice:
        await sandbox_orders.end_outages(sandbox)
        await _have_it_looked_at(request)
        return Notice(title="All providers answer again.")

    return await _order(request, end)


async def _order(
    request: web.Request, give: Callable[[Sandbox, Account, Any], Awaitable[Notice]]
) -> web.Response:
    """About an account of whoever is logged in; what comes of it is said on the page."""
    sandbox, form = _sandbox(request), await request.post()
    accounts = {one.account_id: one for one in await _accounts(request)}
    account = accounts.get(str(form.get("account_id", "")))
    if account is None:
        raise web.HTTPNotFound
    try:
        return see(request, HERE, await give(sandbox, account, form))
    except SandboxRefused as refused:
        return see(request, HERE, Notice(title="The sandbox refused.", text=str(refused), good=False))
    except (KeyError, ValueError):
        raise web.HTTPBadRequest from None


async def _calendars_of(sandbox: Sandbox, account: Account) -> dict[str, str]:
    """None of somebody whom the sandbox doesn't know by this address any more."""
    try:
        return await sandbox_orders.calendars_of(sandbox, account)
    except SandboxRefused:
        return {}


def _start(local: str, zone: ZoneInfo) -> datetime:
    """Of a time on the clock of this zone. Raises ValueError for what is none, or is further away than calendars go."""
    start = instant(datetime.fromisoformat(local).replace(tzinfo=zone).isoformat())
    if start is None:
        raise ValueError
    return start


def _one_of(choices: Iterable[Choice], told: object) -> Choice:
    """The choice that was told. Raises ValueError."""
    for choice in choices:
        if str(choice) == told:
            return choice
    raise ValueError


def _sandbox(request: web.Request) -> Sandbox:
    """Raises HTTPNotFound where the providers are real."""
    sandbox = request.app.get(SANDBOX)
    if sandbox is None:
        raise web.HTTPNotFound
    return sandbox


async def _accounts(request: web.Request) -> Sequence[Account]:
    wanted = ListAccountsRequest(expert_id=logged_in(request))
    return (await request.app[SERVICE].accounts.ListAccounts(wanted)).accounts


async def _have_it_looked_at(request: web.Request) -> None:
    """Reads the calendars now. The service would find it by itself, but in its own time."""
    now = clock.now()
    look = ListBusyTimesRequest(
        expert_id=logged_in(request),
        window=interval(now, now + timedelta(days=1)),
        max_age=duration(timedelta()),
    )
    with suppress(grpc.aio.AioRpcError):
        await request.app[SERVICE].availability.ListBusyTimes(look)
