"""Who is logged in, and which forms are ours.

This stands in for the login of a product: anybody may be anybody here. What a product keeps is how it is used: the
expert of a call always comes from `logged_in`, never from a form or a URL.
"""

import hmac
import secrets
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from calendarsync.v1.expert_pb2 import Expert
from calendarsync.v1.expert_service_pb2 import GetExpertRequest
from connected_calendars.cookies import keep, kept
from connected_calendars.service import SERVICE

VISIT: Final = "visit"
VISIT_LASTS_SECONDS: Final = 12 * 3600
FORM_FIELD: Final = "visit"
"""The hidden field that every form has."""
FORM: Final = "application/x-www-form-urlencoded"
CHARSET: Final = "utf-8"
"""Of our pages, and so of their forms."""
CHOOSE_EXPERT: Final = "/experts"


def logged_in(request: web.Request) -> str:
    """The expert's id. Without a login the browser is sent to where one logs in."""
    if expert_id := whoever(request):
        return expert_id
    raise web.HTTPSeeOther(CHOOSE_EXPERT)


def whoever(request: web.Request) -> str:
    """The id of the expert who is logged in; empty if nobody is."""
    return _visit(request)[1]


async def logged_in_expert(request: web.Request) -> Expert:
    """What the service knows of the expert who is logged in."""
    expert_id = logged_in(request)
    answer = await request.app[SERVICE].experts.GetExpert(GetExpertRequest(expert_id=expert_id))
    return answer.expert


def log_in(request: web.Request, expert_id: str) -> None:
    """A new visit, so that no form token or cookie from before the login is worth anything after it."""
    _begin(request, expert_id)


def log_out(request: web.Request) -> None:
    """Has the browser forget it. A copy of the old cookie holds until its time is over, as nothing is kept here."""
    _begin(request, "")


def form_token(request: web.Request) -> str:
    """What a form of this visit must bring: another site can have a browser send the cookie, but doesn't know this."""
    visit_id, _ = _visit(request)
    if not visit_id:
        visit_id, _ = _begin(request, "")
    return visit_id


@web.middleware
async def refuse_foreign_forms(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever changes something is a form of ours, with the token of its visit."""
    if request.method not in {"GET", "HEAD"}:
        if request.content_type != FORM or (request.charset or CHARSET).lower() != CHARSET:
            raise web.HTTPUnsupportedMediaType
        told = (await request.post()).get(FORM_FIELD, "")
        visit_id, _ = _visit(request)
        if not visit_id or not hmac.compare_digest(str(told).encode(), visit_id.encode()):
            raise web.HTTPForbidden
    return await handler(request)


def _visit(request: web.Request) -> tuple[str, str]:
    """The visit's secret and its expert; both empty before there is one."""
    visit_id, expert_id = kept(request, VISIT, lasts_seconds=VISIT_LASTS_SECONDS) or ("", "")
    return visit_id, expert_id


def _begin(request: web.Request, expert_id: str) -> tuple[str, str]:
    visit = (secrets.token_urlsafe(24), expert_id)
    keep(request, VISIT, visit, lasts_seconds=VISIT_LASTS_SECONDS)
    return visit
