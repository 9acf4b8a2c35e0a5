"""When calendars are busy, without saying why."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from sandbox.answers import Answer
from sandbox.google import times
from sandbox.google.call import Call
from sandbox.google.errors import empty_range, invalid, long_range, required
from sandbox.google.event_json import WIDEST_ZONE, span
from sandbox.google.listed import Listed, all_of
from sandbox.world.expansion import view
from sandbox.world.model import Event
from sandbox.world.zones import find_zone

_MOST_CALENDARS = 50
Busy = tuple[datetime, datetime]


def query(call: Call) -> Answer:
    """freebusy.query. What is wrong with one calendar stands beside it; the answer is 200 all the same."""
    body = call.body
    begin, end = _window(call)
    zone = find_zone(body.get("timeZone", "UTC"))
    if zone is None:
        raise invalid("timeZone")
    most = body.get("calendarExpansionMax", call.settings.freebusy_most_calendars)
    if not 0 < most <= _MOST_CALENDARS:
        raise invalid("calendarExpansionMax")
    asked = [one.get("id", "") for one in body.get("items", [])]
    calendars = {}
    for place, calendar_id in enumerate(dict.fromkeys(asked)):
        said = _too_many() if place >= most else _calendar(call, calendar_id, begin, end, zone)
        if said is not None:
            calendars[calendar_id] = said
    bounds = {"timeMin": times.printed(begin, zone), "timeMax": times.printed(end, zone)}
    _record(call, calendars)
    return Answer(body={"kind": "calendar#freeBusy", **bounds, "calendars": calendars})


def _window(call: Call) -> tuple[datetime, datetime]:
    for name in ("timeMin", "timeMax"):
        if name not in call.body:
            raise required(name)
    begin, end = times.parse(call.body["timeMin"]), times.parse(call.body["timeMax"])
    if begin >= end:
        raise empty_range()
    if end - begin > timedelta(days=call.settings.freebusy_longest_days):
        raise long_range()
    return begin, end


def _calendar(
    call: Call, calendar_id: str, begin: datetime, end: datetime, zone: tzinfo
) -> dict[str, Any] | None:
    """What is said of one calendar, None for nothing at all."""
    known = [
        one
        for one in all_of(call.world, call.person)
        if one.id == calendar_id or (calendar_id == "primary" and one.calendar.is_default)
    ]
    if not known or known[0].calendar.google.deleted:
        return _error("notFound")
    listed, switches = known[0], known[0].calendar.google
    if switches.freebusy == "left_out":
        return None
    if switches.freebusy == "error":
        return _error(switches.freebusy_reason)
    busy = [
        {"start": times.printed(start, zone), "end": times.printed(finish, zone)}
        for start, finish in _merged(_busy(call, listed, begin, end))
    ]
    if switches.freebusy == "error_with_busy":
        return _error(switches.freebusy_reason) | {"busy": busy}
    return {"busy": busy}


def _busy(call: Call, listed: Listed, begin: datetime, end: datetime) -> list[Busy]:
    stored = listed.calendar.folder.events.values()
    found = []
    for instance in view(stored, begin - WIDEST_ZONE, end + WIDEST_ZONE):
        starts, ends = span(instance.event, listed.zone)
        if ends > begin and starts < end and _counts(call, instance.event):
            found.append((max(starts, begin), min(ends, end)))
    return sorted(found)


def _counts(call: Call, event: Event) -> bool:
    if event.cancelled or event.response == "declined" or event.show_as in ("free", "workingElsewhere"):
        return False
    if event.google.get("transparency") == "transparent" or event.google.get("status") == "cancelled":
        return False
    maybe = event.show_as == "tentative" or event.response in ("tentativelyAccepted", "notResponded")
    return call.settings.freebusy_counts_maybe or not maybe


def _merged(busy: list[Busy]) -> list[Busy]:
    merged: list[Busy] = []
    for starts, ends in busy:
        if merged and starts <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ends))
        else:
            merged.append((starts, ends))
    return [(starts.astimezone(UTC), ends.astimezone(UTC)) for starts, ends in merged]


def _too_many() -> dict[str, Any]:
    return _error("tooManyCalendarsRequested")


def _error(reason: str) -> dict[str, Any]:
    return {"busy": [], "errors": [{"domain": "global", "reason": reason}]}


def _record(call: Call, calendars: dict[str, dict[str, Any]]) -> None:
    for said in calendars.values():
        for one in said["busy"]:
            printed = {"busy": one}
            call.world.traffic.record_event(call.person.key, call.method.verb, call.method.template, printed)
