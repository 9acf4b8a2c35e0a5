"""/session: a session, how far its calendar follows it, and what can be done with it: change, move, cancel.

Each form has the etag of what it was made from. Where the session was changed meanwhile, nothing is done, and what it
is now is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import grpc.aio
from aiohttp import web

from calendarsync.v1.error_reason_pb2 import ERROR_REASON_ETAG_MISMATCH
from calendarsync.v1.expert_pb2 import Expert
from calendarsync.v1.session_pb2 import Session
from calendarsync.v1.session_service_pb2 import (
    CONFLICT_CHECK_NONE,
    CONFLICT_CHECK_REJECT,
    CancelSessionRequest,
    PutSessionRequest,
)
from calendarsync_client import failure_of
from connected_calendars import clock
from connected_calendars.days import week_from
from connected_calendars.free_times import Wanted, find_times
from connected_calendars.logins import logged_in, logged_in_expert
from connected_calendars.names import Names, names_of
from connected_calendars.notices import Notice, see
from connected_calendars.pages import render
from connected_calendars.refusals import Refusal, refusal_of
from connected_calendars.service import SERVICE
from connected_calendars.session_forms import Fields
from connected_calendars.sessions import find_session, session_address
from connected_calendars.week import WEEK, asked_week, week_address
from connected_calendars.wire import ends, instant, interval
from connected_calendars.writing import writing_of

routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A session of whoever is logged in. `etag` is that of the form, if one was sent."""

    expert: Expert
    session: Session
    names: Names
    etag: str


@routes.get("/session")
async def show(request: web.Request) -> web.Response:
    """`id` names it; `of` is a day of the week that it may be moved to."""
    return await _page(request, await _shown(request, request.query))


@routes.post("/session/change")
async def change(request: web.Request) -> web.Response:
    """Its time stays, so that nothing has to be free."""
    form = await request.post()
    shown, fields = await _shown(request, form), Fields.of_form(form)
    return await _put(
        request,
        shown,
        PutSessionRequest(
            interval=shown.session.interval,
            details=fields.put_into(shown.session.details),
            conflict_check=CONFLICT_CHECK_NONE,
        ),
        done="The session was changed.",
        fields=fields,
    )


@routes.post("/session/move")
async def move(request: web.Request) -> web.Response:
    """To another start, for as long as before; only where that is free."""
    form = await request.post()
    shown = await _shown(request, form)
    begin, end = ends(shown.session.interval)
    start = instant(str(form.get("start", "")))
    if start is None:
        raise web.HTTPBadRequest
    return await _put(
        request,
        shown,
        PutSessionRequest(
            interval=interval(start, start + (end - begin)),
            details=shown.session.details,
            conflict_check=CONFLICT_CHECK_REJECT,
        ),
        done="The session was moved.",
    )


@routes.post("/session/cancel")
async def cancel(request: web.Request) -> web.Response:
    """Its event is removed in the background."""
    shown = await _shown(request, await request.post())
    wanted = CancelSessionRequest(
        expert_id=shown.expert.expert_id, session_id=shown.session.session_id, etag=shown.etag
    )
    try:
        await request.app[SERVICE].sessions.CancelSession(wanted)
    except grpc.aio.AioRpcError as error:
        return await _refused(request, shown, error)
    return _done(request, shown, shown.session, "The session was cancelled.")


async def _shown(request: web.Request, told: Mapping[str, Any]) -> Shown:
    """The session whose id is told. Raises HTTPNotFound."""
    service, expert_id = request.app[SERVICE], logged_in(request)
    expert = await logged_in_expert(request)
    session_id = str(told.get("id", ""))
    session = await find_session(service, expert_id, session_id) if session_id else None
    if session is None:
        raise web.HTTPNotFound
    names = await names_of(service, expert_id)
    return Shown(expert=expert, session=session, names=names, etag=str(told.get("etag", "")))


async def _put(
    request: web.Request, shown: Shown, wanted: PutSessionRequest, *, done: str, fields: Fields | None = None
) -> web.Response:
    """`wanted` as far as it differs from form to form."""
    wanted.expert_id, wanted.session_id = shown.expert.expert_id, shown.session.session_id
    wanted.etag = shown.etag
    try:
        answer = await request.app[SERVICE].sessions_once.PutSession(wanted)
    except grpc.aio.AioRpcError as error:
        return await _refused(request, shown, error, fields)
    return _done(request, shown, answer.session, done)


async def _refused(
    request: web.Request, shown: Shown, error: grpc.aio.AioRpcError, fields: Fields | None = None
) -> web.Response:
    """The page once more, with why; after a change elsewhere as the session is now, and without what was filled in."""
    refusal = refusal_of(error, shown.names)
    if failure_of(error).reason == ERROR_REASON_ETAG_MISMATCH:
        shown, fields = await _shown(request, {"id": shown.session.session_id}), None
    return await _page(request, shown, refusal=refusal, fields=fields)


def _done(request: web.Request, shown: Shown, session: Session, title: str) -> web.Response:
    zone = clock.zone_of(shown.expert)
    start, end = ends(session.interval)
    notice = Notice(title=title, text=f"{session.details.title}, {clock.from_to(start, end, zone)}.")
    return see(request, week_address(start.astimezone(zone).date(), Wanted()), notice)


async def _page(
    request: web.Request, shown: Shown, *, refusal: Refusal | None = None, fields: Fields | None = None
) -> web.Response:
    session, zone, now = shown.session, clock.zone_of(shown.expert), clock.now()
    start, end = ends(session.interval)
    asked = request.query.get("of") or start.astimezone(zone).date().isoformat()
    monday = asked_week(asked, now, zone)
    days, here = week_from(monday, zone), session_address(session.session_id)
    free = await find_times(
        request.app[SERVICE],
        shown.expert.expert_id,
        days,
        length=end - start,
        now=now,
        moving=session.session_id,
    )
    return render(
        request,
        "session.html",
        status=refusal.status if refusal else 200,
        expert=shown.expert,
        session=session,
        writing=writing_of(session, shown.names),
        when=clock.from_to(start, end, zone),
        back=week_address(start.astimezone(zone).date(), Wanted()),
        refusal=refusal,
        fields=fields or Fields.of_details(session.details),
        zone=zone,
        days=[(day, free.on(day)) for day in days],
        complete=free.complete,
        monday=monday,
        here=here,
        earlier=f"{here}&of={monday - WEEK}",
        later=f"{here}&of={monday + WEEK}",
    )
