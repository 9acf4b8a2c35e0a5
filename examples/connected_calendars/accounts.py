"""The connected accounts: how many the plan holds, and how each stands and why."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from calendarsync.v1 import account_pb2 as accounts_pb
from calendarsync.v1.account_pb2 import ACCOUNT_STATUS_ACTIVE, Account
from calendarsync.v1.account_service_pb2 import (
    ListAccountsRequest,
    ListIncidentsRequest,
)
from calendarsync.v1.incident_pb2 import Incident
from connected_calendars.logins import logged_in, logged_in_expert
from connected_calendars.pages import render
from connected_calendars.service import SERVICE

routes = web.RouteTableDef()
CAUSES: Final[Mapping[accounts_pb.ReconnectCause.ValueType, str]] = {
    accounts_pb.RECONNECT_CAUSE_SIGN_IN_REQUIRED: "You have to sign in again: the access was taken back, or has ended.",
    accounts_pb.RECONNECT_CAUSE_ORGANISATION_DISALLOWS: "Your organisation doesn't let us in any more. Ask your "
    "administrator to allow the app first; until then a sign-in won't work.",
    accounts_pb.RECONNECT_CAUSE_ACCOUNT_CLOSED: "The account is switched off, or no longer there. Connect another one "
    "in its place, unless its administrator brings it back.",
    accounts_pb.RECONNECT_CAUSE_MAILBOX_NOT_SERVED: "The account has had no mailbox for a while. Whoever manages it "
    "must fix that; then everything goes on by itself.",
}
NO_CAUSE: Final = "You have to sign in again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An account as the page shows it. `why` is empty where all is well."""

    account: Account
    works: bool
    why: str
    since: datetime | None
    sessions_waiting: int

    @classmethod
    def of(cls, account: Account, incident: Incident | None) -> "Standing":
        works = account.status == ACCOUNT_STATUS_ACTIVE
        cause = incident.cause if incident and works else account.reconnect_cause
        return cls(
            account=account,
            works=works,
            why=CAUSES.get(cause, "" if works else NO_CAUSE),
            since=incident.open_time.ToDatetime(UTC) if incident else None,
            sessions_waiting=incident.sessions_at_risk if incident else 0,
        )


@routes.get("/accounts")
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
        limit=listed.account_limit,
        over_limit=listed.over_limit,
        full=len(listed.accounts) >= listed.account_limit,
        offers=offers,
    )
