"""GET /week: when the expert is taken and how that is known, their sessions, and the times that can be booked."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from calendarsync.v1.availability_service_pb2 import ListBusyTimesRequest, ListBusyTimesResponse
from calendarsync.v1.session_pb2 import Session
from connected_calendars import clock
from connected_calendars.days import Day, monday_of, week_from
from connected_calendars.evidence import evidence_of
from connected_calendars.free_times import (
    BUFFERS_MINUTES,
    CLOSES,
    LENGTHS_MINUTES,
    OPENS,
    Wanted,
    find_times,
    nothing_free,
)
from connected_calendars.logins import logged_in, logged_in_expert
from connected_calendars.names import Names, names_of
from connected_calendars.pages import render
from connected_calendars.service import SERVICE, Service
from connected_calendars.sessions import list_sessions, session_address
from connected_calendars.week_view import Booked, columns, hours_shown
from connected_calendars.wire import duration, ends, interval, text_of
from connected_calendars.writing import writing_of

routes = web.RouteTableDef()
WEEK: Final = timedelta(days=7)
LOOK_NOW: Final = timedelta()
AS_KNOWN: Final = timedelta(hours=24)
"""The greatest age there is: no provider is asked once more."""
MOST_EXCLUDED: Final = 100
"""As many sessions as a question may leave out."""
SATURDAY: Final = 5


@routes.get("/week")
async def show(request: web.Request) -> web.Response:
    """`of` is any day of it; `minutes` and `buffer` say what is to be booked; `look=now` asks the providers first."""
    service, expert_id, now = request.app[SERVICE], logged_in(request), clock.now()
    expert = await logged_in_expert(request)
    zone, wanted = clock.zone_of(expert), Wanted.of(request.query)
    monday = asked_week(request.query.get("of", ""), now, zone)
    days = week_from(monday, zone)
    busy = await busy_times(
        service, expert_id, days, max_age=LOOK_NOW if request.query.get("look") == "now" else None
    )
    names, sessions, free = await asyncio.gather(
        names_of(service, expert_id),
        list_sessions(service, expert_id, days),
        # Where a calendar could not be read there is no free time, and no need to try to read it again.
        find_times(service, expert_id, days, length=wanted.length, margin=wanted.margin, now=now)
        if busy.complete
        else nothing_free(),
    )
    crowded = await _crowded(service, expert_id, days, sessions)
    booked = [_booked(one, names, zone, collides=one.session_id in crowded) for one in sessions]
    shown = columns(days, [ends(one) for one in busy.busy_times], booked, free, now)
    return render(
        request,
        "week.html",
        here=week_address(monday, wanted),
        expert=expert,
        zone=zone,
        monday=monday,
        earlier=week_address(monday - WEEK, wanted),
        later=week_address(monday + WEEK, wanted),
        look_now=f"{week_address(monday, wanted)}&look=now",
        columns=shown,
        hours_shown=hours_shown(shown),
        booked=booked,
        evidence=evidence_of(busy, names, now),
        free=free,
        over=days[-1].end <= now,
        wanted=wanted,
        lengths=LENGTHS_MINUTES,
        buffers=BUFFERS_MINUTES,
        hours=(OPENS, CLOSES),
        book_address=lambda start: book_address(start, wanted),
    )


def asked_week(text: str, now: datetime, zone: ZoneInfo) -> date:
    """Its Monday. Unless told, that of this week, and on weekends that of the next, as this one is over."""
    try:
        return monday_of(date.fromisoformat(text))
    except ValueError:
        today = now.astimezone(zone).date()
        return monday_of(today + timedelta(days=2) if today.weekday() >= SATURDAY else today)


def week_address(of: date, wanted: Wanted) -> str:
    """Of the week with this day."""
    return f"/week?{urlencode({'of': of.isoformat(), **wanted.told})}"


def book_address(start: datetime, wanted: Wanted) -> str:
    """Of the form for a session that begins then."""
    return f"/book?{urlencode({'start': text_of(start), **wanted.told})}"


async def busy_times(
    service: Service,
    expert_id: str,
    days: Sequence[Day],
    *,
    max_age: timedelta | None = None,
    without: Sequence[str] = (),
) -> ListBusyTimesResponse:
    """Of a week; without these sessions, by their ids, and their events it is what else is at their times."""
    return await service.availability.ListBusyTimes(
        ListBusyTimesRequest(
            expert_id=expert_id,
            window=interval(days[0].start, days[-1].end),
            exclude_session_ids=without[:MOST_EXCLUDED],
            max_age=None if max_age is None else duration(max_age),
        )
    )


def _booked(session: Session, names: Names, zone: ZoneInfo, *, collides: bool) -> Booked:
    return Booked(
        session=session,
        when=clock.from_to(*ends(session.interval), zone),
        address=session_address(session.session_id),
        writing=writing_of(session, names),
        collides=collides,
    )


async def _crowded(
    service: Service, expert_id: str, days: Sequence[Day], sessions: Sequence[Session]
) -> set[str]:
    """The ids of sessions at whose times something else is, too: in a calendar, or another session."""
    live = {one.session_id: ends(one.interval) for one in sessions if not one.cancelled}
    if not live:
        return set()
    beside = await busy_times(service, expert_id, days, max_age=AS_KNOWN, without=list(live))
    spans = [("", *ends(one)) for one in beside.busy_times] + [(own, *span) for own, span in live.items()]
    return {
        own
        for own, (start, end) in live.items()
        if any(begin < end and start < until for other, begin, until in spans if other != own)
    }
