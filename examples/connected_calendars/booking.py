"""/book: a form for one free time, and what becomes of it.

A form is given the id of its session when it is made. Sent twice, by a double click or a browser that goes back, it
makes one session all the same.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import grpc.aio
from aiohttp import web

from calendarsync.v1.expert_pb2 import Expert
from calendarsync.v1.session_pb2 import Session, SessionDetails
from calendarsync.v1.session_service_pb2 import CONFLICT_CHECK_REJECT, PutSessionRequest
from connected_calendars import clock
from connected_calendars.free_times import Wanted
from connected_calendars.logins import logged_in, logged_in_expert
from connected_calendars.names import names_of
from connected_calendars.notices import Notice, see
from connected_calendars.pages import render
from connected_calendars.refusals import Refusal, refusal_of
from connected_calendars.service import SERVICE
from connected_calendars.session_forms import Fields
from connected_calendars.sessions import find_session
from connected_calendars.week import week_address
from connected_calendars.wire import duration, ends, instant, interval

routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be booked; `session_id` is that of the form."""

    session_id: str
    start: datetime
    wanted: Wanted

    @classmethod
    def of(cls, told: Mapping[str, Any], session_id: str) -> Self:
        """Of an address or a form. Raises HTTPBadRequest for what no page of ours sends."""
        start = instant(str(told.get("start", "")))
        try:
            known = str(uuid.UUID(session_id))
        except ValueError:
            known = ""
        if start is None or known != session_id:
            raise web.HTTPBadRequest
        return cls(session_id=session_id, start=start, wanted=Wanted.of(told))

    @property
    def end(self) -> datetime:
        return self.start + self.wanted.length


@routes.get("/book")
async def ask(request: web.Request) -> web.Response:
    """The form. Reloading it makes another one, with another id."""
    wish = Wish.of(request.query, str(uuid.uuid4()))
    return _form(request, await logged_in_expert(request), wish, Fields())


@routes.post("/book")
async def book(request: web.Request) -> web.Response:
    """The service looks at all calendars once more, and of any number of bookings of one time accepts one.

    An expert may book any time of theirs. A page for customers would check that it offers this one.
    """
    service, expert_id = request.app[SERVICE], logged_in(request)
    form = await request.post()
    wish, fields = Wish.of(form, str(form.get("session_id", ""))), Fields.of_form(form)
    expert = await logged_in_expert(request)
    if (known := await find_session(service, expert_id, wish.session_id)) is not None:
        return _sent_before(request, expert, wish, known)
    try:
        answer = await service.sessions_once.PutSession(
            PutSessionRequest(
                expert_id=expert_id,
                session_id=wish.session_id,
                interval=interval(wish.start, wish.end),
                details=fields.put_into(SessionDetails()),
                conflict_check=CONFLICT_CHECK_REJECT,
                buffer_before=duration(wish.wanted.margin),
                buffer_after=duration(wish.wanted.margin),
            )
        )
    except grpc.aio.AioRpcError as error:
        refusal = refusal_of(error, await names_of(service, expert_id))
        return _form(request, expert, wish, fields, refusal)
    return _booked(request, expert, wish, answer.session, "The session is booked.")


def _sent_before(request: web.Request, expert: Expert, wish: Wish, session: Session) -> web.Response:
    """By a double click, or by a browser that went back: to the form of a session that may be cancelled by now."""
    if session.cancelled:
        title = "This form was sent before, and its session has been cancelled since."
        return _booked(request, expert, wish, session, title, good=False)
    return _booked(request, expert, wish, session, "This form was sent before: the session is booked.")


def _booked(
    request: web.Request, expert: Expert, wish: Wish, session: Session, title: str, *, good: bool = True
) -> web.Response:
    zone = clock.zone_of(expert)
    start, end = ends(session.interval)
    text = f"{session.details.title}, {clock.from_to(start, end, zone)}."
    notice = Notice(title=title, text=text, good=good)
    return see(request, week_address(start.astimezone(zone).date(), wish.wanted), notice)


def _form(
    request: web.Request, expert: Expert, wish: Wish, fields: Fields, refusal: Refusal | None = None
) -> web.Response:
    zone = clock.zone_of(expert)
    return render(
        request,
        "book.html",
        status=refusal.status if refusal else 200,
        expert=expert,
        wish=wish,
        fields=fields,
        refusal=refusal,
        when=clock.from_to(wish.start, wish.end, zone),
        back=week_address(wish.start.astimezone(zone).date(), wish.wanted),
    )
