"""Reads events as apps write them; what the sandbox's world has no word for is kept as it came."""

from datetime import date, datetime
from typing import Any, Final

from sandbox.google.errors import GoogleError, bad_request, empty_range, invalid
from sandbox.google.event_json import may_be_chosen
from sandbox.google.listed import Listed
from sandbox.world.zones import find_zone

_TEXTS: Final = {"summary": "subject", "description": "body", "location": "location"}
_SENSITIVITY: Final = {
    "default": "normal",
    "public": "normal",
    "private": "private",
    "confidential": "confidential",
}
_NOT_FOR_APPS: Final = frozenset(
    {"kind", "etag", "htmlLink", "created", "updated", "creator", "organizer", "sequence", "iCalUID"}
    | {"recurringEventId", "originalStartTime", "hangoutLink", "locked", "privateCopy", "attendeesOmitted"}
)
"""Google takes no notice of these."""
_TOLD_OTHERWISE: Final = frozenset(
    {"id", "start", "end", "transparency", "visibility", "status", "eventType", *_TEXTS}
)
_COLOR_IDS: Final = frozenset({None, *map(str, range(1, 12))})
"""Those that `colors.get` has for events; none is the calendar's colour."""
_MOST_REMINDERS: Final = 5
_LONGEST_REMINDER_MINUTES: Final = 40_320


def chosen_id(body: dict[str, Any]) -> str:
    """The id an app gives its event, empty where it gives none; raises GoogleError."""
    event_id: str = body.get("id", "")
    if event_id and not may_be_chosen(event_id):
        raise GoogleError(400, "invalid", "Invalid resource id value.")
    return event_id


def details(body: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """What a body says of an event beside its times, as the world has it; raises GoogleError.

    `before` are the members kept so far. A null takes a member away, an array takes the place of the whole array.
    """
    _require_served(body)
    found: dict[str, Any] = {ours: body[name] or "" for name, ours in _TEXTS.items() if name in body}
    if "transparency" in body:
        found["show_as"] = "free" if body["transparency"] == "transparent" else "busy"
    if body.get("status") == "tentative":
        found["show_as"] = "tentative"
    if "visibility" in body:
        found["sensitivity"] = _SENSITIVITY[body["visibility"] or "default"]
    given = {name: value for name, value in body.items() if name not in _NOT_FOR_APPS | _TOLD_OTHERWISE}
    if given:
        found["google"] = before | given
    return found


def times(body: dict[str, Any], listed: Listed) -> dict[str, Any]:
    """Start, end and zone that a body gives, those of them that it gives; raises GoogleError."""
    found: dict[str, Any] = {name: _when(body[name], name) for name in ("start", "end") if name in body}
    timed = [isinstance(one, datetime) for one in found.values()]
    if any(timed) and not all(timed):
        raise invalid("start and end are of two kinds")
    if found.keys() == {"start", "end"} and found["end"] < found["start"]:
        raise empty_range()
    if any(timed):
        given = next((body[name]["timeZone"] for name in found if "timeZone" in body[name]), None)
        zone = listed.zone_name if given is None else given
        if find_zone(zone) is None:
            raise invalid("timeZone")
        found["zone"] = zone
    return found


def _require_served(body: dict[str, Any]) -> None:
    if body.get("recurrence") or body.get("status") == "cancelled":
        # The sandbox prints series and cancelled events, but doesn't take them from apps.
        raise bad_request()
    if body.get("colorId") not in _COLOR_IDS:
        raise invalid("colorId")
    if (body.get("eventType") or "default") != "default":
        raise GoogleError(
            400, "eventTypeRestriction", "Only default events are taken here.", domain="calendar"
        )
    overrides = (body.get("reminders") or {}).get("overrides") or []
    minutes = [one.get("minutes", -1) for one in overrides]
    if len(minutes) > _MOST_REMINDERS or any(not 0 <= one <= _LONGEST_REMINDER_MINUTES for one in minutes):
        raise invalid("reminders")


def _when(given: dict[str, Any], name: str) -> datetime | date:
    day, instant = given.get("date"), given.get("dateTime")
    if (day is None) == (instant is None):
        raise invalid(name)
    return date.fromisoformat(day) if day is not None else datetime.fromisoformat(str(instant).upper())
