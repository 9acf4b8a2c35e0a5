"""Reads the events that clients write, refusing what Graph refuses."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sandbox.graph.errors import invalid_property, unknown_zone, unreadable_body
from sandbox.graph.event_json import EVENT_PROPERTIES
from sandbox.world.recurrence import INDEXES, KINDS, WEEKDAYS, Recurrence
from sandbox.world.zones import find_zone

_KNOWN = EVENT_PROPERTIES | {"singleValueExtendedProperties", "extensions", "attachments"}
_SHOW_AS = ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown")
_SENSITIVITY = ("normal", "personal", "private", "confidential")
_IMPORTANCE = ("low", "normal", "high")
_LONGEST_CATEGORY = 255


def event_details(body: Any, *, creating: bool) -> dict[str, Any]:
    """The fields of `Event` that a JSON body sets, `start` and `end` naive in the `zone` that comes with them.

    Properties that only the server sets are ignored, as Graph does. Raises Graph's errors.
    """
    if not isinstance(body, dict):
        raise unreadable_body("Unable to read JSON request payload.")
    if unknown := [name for name in body if name not in _KNOWN and "@odata" not in name]:
        raise unreadable_body(f"The property '{unknown[0]}' does not exist on type 'microsoft.graph.event'.")
    details: dict[str, Any] = {}
    for name, read in _READERS.items():
        if body.get(name) is not None:
            details |= read(body[name])
    if creating and isinstance(body.get("transactionId"), str):
        details["transaction_id"] = body["transactionId"]
    return details | _times(body, creating=creating)


def _times(body: Mapping[str, Any], *, creating: bool) -> dict[str, Any]:
    if creating and not (isinstance(body.get("start"), dict) and isinstance(body.get("end"), dict)):
        raise invalid_property("The properties 'start' and 'end' are required.")
    times: dict[str, Any] = {}
    for name in ("start", "end"):
        if isinstance(given := body.get(name), dict):
            times[name], zone = _date_time(given)
            if times.setdefault("zone", zone) != zone:
                times[name] = in_zone(times[name], zone, times["zone"])
    if isinstance(all_day := body.get("isAllDay"), bool):
        times["all_day"] = all_day
    check_times(times)
    return times


def check_times(times: Mapping[str, Any]) -> None:
    """Refuse an end before its start, and all-day events that don't run from midnight to midnight."""
    start, end = times.get("start"), times.get("end")
    if start is not None and end is not None and end < start:
        raise invalid_property("The end of an event can't be before its start.")
    if times.get("all_day") and start is not None and end is not None and not _spans_days(start, end):
        raise invalid_property("An all-day event runs from midnight to midnight in one time zone.")


def _spans_days(start: datetime, end: datetime) -> bool:
    return start.time() == time() == end.time() and end - start >= timedelta(days=1)


def _date_time(given: Mapping[str, Any]) -> tuple[datetime, str]:
    zone = str(given.get("timeZone") or "UTC")
    if find_zone(zone) is None:
        raise unknown_zone(zone)
    try:
        when = datetime.fromisoformat(str(given["dateTime"]))
    except (KeyError, ValueError):
        raise invalid_property("A dateTime can't be read.") from None
    if when.tzinfo is not None:
        when = when.astimezone(find_zone(zone)).replace(tzinfo=None)
    return when, zone


def in_zone(wall: datetime, zone: str, other: str) -> datetime:
    """A naive wall-clock time of one zone in another; both zones must be known."""
    return wall.replace(tzinfo=find_zone(zone)).astimezone(find_zone(other)).replace(tzinfo=None)


def _text(field: str) -> Callable[[Any], dict[str, Any]]:
    return lambda value: {field: str(value)}


def _flag(field: str) -> Callable[[Any], dict[str, Any]]:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, bool):
            raise invalid_property()
        return {field: value}

    return read


def _one_of(field: str, allowed: tuple[str, ...]) -> Callable[[Any], dict[str, Any]]:
    def read(value: Any) -> dict[str, Any]:
        for choice in allowed:
            if str(value).casefold() == choice.casefold():
                return {field: choice}
        raise invalid_property()

    return read


def _body(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid_property()
    return {"body": str(value.get("content", "")), "body_type": str(value.get("contentType", "text")).lower()}


def _location(value: Any) -> dict[str, Any]:
    """One place takes the place of all there were."""
    line = str(value.get("displayName") or "") if isinstance(value, dict) else ""
    return {"location": line, "locations": []}


def _locations(value: Any) -> dict[str, Any]:
    if not isinstance(value, list) or not all(isinstance(place, dict) for place in value):
        raise invalid_property()
    line = "; ".join(str(place.get("displayName") or "") for place in value)
    return {"location": line, "locations": value}


def _minutes(value: Any) -> dict[str, Any]:
    if not isinstance(value, int):
        raise invalid_property()
    return {"reminder_minutes": value}


def _attendees(value: Any) -> dict[str, Any]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise invalid_property()
    status = {"response": "none", "time": "0001-01-01T00:00:00Z"}
    people = [
        {"type": item.get("type", "required"), "status": status, "emailAddress": item.get("emailAddress", {})}
        for item in value
    ]
    return {"attendees": people}


def _extended(value: Any) -> dict[str, Any]:
    try:
        return {"extended": {str(item["id"]): str(item["value"]) for item in value}}
    except (TypeError, KeyError):
        raise invalid_property() from None


def _categories(value: Any) -> dict[str, Any]:
    if not isinstance(value, list) or not all(_is_category(name) for name in value):
        raise invalid_property()
    return {"categories": value}


def _is_category(name: Any) -> bool:
    """How long one may be is said of Outlook's list of categories."""
    return isinstance(name, str) and 0 < len(name) <= _LONGEST_CATEGORY


def read_recurrence(value: Any) -> Recurrence:
    """A recurrence from Graph's own shape, `{"pattern": {...}, "range": {...}}`; raises Graph's error."""
    try:
        pattern, span = value["pattern"], value.get("range", {})
        kind = next(kind for kind in KINDS if kind.casefold() == str(pattern["type"]).casefold())
        index = str(pattern.get("index") or "first").lower()
        days = tuple(str(day).lower() for day in pattern.get("daysOfWeek") or ())
        first_day = str(pattern.get("firstDayOfWeek") or "sunday").lower()
        recurrence = Recurrence(
            kind=kind,
            interval=int(pattern.get("interval", 1)),
            days=days,
            day_of_month=int(pattern.get("dayOfMonth") or 0),
            month=int(pattern.get("month") or 0),
            index=index,
            first_day_of_week=first_day,
            starts=date.fromisoformat(span["startDate"]) if span.get("startDate") else None,
            until=date.fromisoformat(span["endDate"]) if span.get("type") == "endDate" else None,
            occurrences=int(span["numberOfOccurrences"]) if span.get("type") == "numbered" else None,
            zone=span.get("recurrenceTimeZone") or None,
        )
    except (TypeError, KeyError, ValueError, StopIteration, AttributeError):
        raise invalid_property("The recurrence can't be read.") from None
    if recurrence.interval < 1 or index not in INDEXES or not {*days, first_day} <= {*WEEKDAYS}:
        raise invalid_property("The recurrence can't be read.")
    return recurrence


_READERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "subject": _text("subject"),
    "body": _body,
    "location": _location,
    "locations": _locations,
    "showAs": _one_of("show_as", _SHOW_AS),
    "sensitivity": _one_of("sensitivity", _SENSITIVITY),
    "importance": _one_of("importance", _IMPORTANCE),
    "reminderMinutesBeforeStart": _minutes,
    "isReminderOn": _flag("reminder_on"),
    "isOnlineMeeting": _flag("online_meeting"),
    "onlineMeetingProvider": _text("online_meeting_provider"),
    "responseRequested": _flag("response_requested"),
    "hideAttendees": _flag("hide_attendees"),
    "categories": _categories,
    "attendees": _attendees,
    "recurrence": lambda value: {"recurrence": read_recurrence(value)},
    "singleValueExtendedProperties": _extended,
}
