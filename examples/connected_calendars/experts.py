"""Who you are: the page that stands in for a product's login."""

import re
import secrets
from collections.abc import Mapping
from functools import cache
from typing import Final
from zoneinfo import available_timezones

import grpc
import grpc.aio
from aiohttp import web

from calendarsync.v1.expert_pb2 import PLAN_FREE, PLAN_GROWTH, PLAN_PRO, Expert, Plan
from calendarsync.v1.expert_service_pb2 import GetExpertRequest, ListExpertsRequest, PutExpertRequest
from calendarsync_client import failure_of
from connected_calendars.logins import CHOOSE_EXPERT, log_in, log_out, whoever
from connected_calendars.notices import see
from connected_calendars.pages import render
from connected_calendars.service import SERVICE

routes = web.RouteTableDef()
PLANS: Final = {PLAN_FREE: "Free", PLAN_GROWTH: "Growth", PLAN_PRO: "Pro"}
FIRST: Final = {
    "display_name": "Ada",
    "email": "ada@example.com",
    "plan": Plan.Name(PLAN_PRO),
    "time_zone": "Europe/Berlin",
}
"""What the form has at first: whoever just wants to see it presses the button."""
PAGE_SIZE: Final = 20


@routes.get("/")
async def home(request: web.Request) -> web.Response:
    """To where one can go on."""
    return see(request, "/accounts" if whoever(request) else CHOOSE_EXPERT)


@routes.get(CHOOSE_EXPERT)
async def choose(request: web.Request) -> web.Response:
    """The experts there are, and a form for another."""
    return await _choices(request, FIRST, {})


@routes.post("/login")
async def be(request: web.Request) -> web.Response:
    """A product asks for a password here, or whatever it knows people by."""
    wanted = GetExpertRequest(expert_id=str((await request.post()).get("expert_id", "")))
    known = await request.app[SERVICE].experts.GetExpert(wanted)
    log_in(request, known.expert.expert_id)
    return see(request, "/accounts")


@routes.post("/logout")
async def leave(request: web.Request) -> web.Response:
    log_out(request)
    return see(request, CHOOSE_EXPERT)


@routes.post(CHOOSE_EXPERT)
async def make(request: web.Request) -> web.Response:
    """What is filled in wrong is said by the service, field by field, and shown beside the fields."""
    form = {name: str(one).strip() for name, one in (await request.post()).items()}
    filled = {name: form.get(name, "") for name in FIRST}
    expert = Expert(
        expert_id=_new_id(filled["display_name"]),
        display_name=filled["display_name"],
        email=filled["email"],
        plan=_plan(filled["plan"]),
        time_zone=filled["time_zone"],
    )
    try:
        await request.app[SERVICE].experts.PutExpert(PutExpertRequest(expert=expert))
    except grpc.aio.AioRpcError as error:
        if error.code() != grpc.StatusCode.INVALID_ARGUMENT:
            raise
        wrong = {name.removeprefix("expert."): why for name, why in failure_of(error).fields.items()}
        return await _choices(request, filled, wrong)
    log_in(request, expert.expert_id)
    return see(request, "/accounts")


async def _choices(request: web.Request, filled: Mapping[str, str], wrong: Mapping[str, str]) -> web.Response:
    asked = ListExpertsRequest(page_size=PAGE_SIZE, page_token=request.query.get("page", ""))
    answer = await request.app[SERVICE].experts.ListExperts(asked)
    return render(
        request,
        "experts.html",
        status=422 if wrong else 200,
        experts=answer.experts,
        next_page=answer.next_page_token,
        plans={Plan.Name(value): name for value, name in PLANS.items()},
        zones=_zones(),
        filled=filled,
        wrong=wrong,
    )


@cache
def _zones() -> list[str]:
    return sorted(available_timezones())


def _new_id(name: str) -> str:
    """A product has ids of its own. Never one that is there: PutExpert would replace that expert."""
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "expert"
    return f"{readable}-{secrets.token_hex(4)}"


def _plan(name: str) -> Plan.ValueType:
    """UNSPECIFIED for what is none, which the service refuses."""
    return Plan.Value(name) if name in Plan.keys() else Plan.Value("PLAN_UNSPECIFIED")  # noqa: SIM118
