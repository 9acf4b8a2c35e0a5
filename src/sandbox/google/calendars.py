"""The list of calendars."""

from typing import Any

from sandbox.answers import Answer
from sandbox.google.call import Call, page_of
from sandbox.google.listed import Listed, all_of

_LARGEST_PAGE = 250
_USUAL_PAGE = 100


def list_calendars(call: Call) -> Answer:
    """calendarList.list."""
    lowest = call.option("minAccessRole")
    listed = [
        one
        for one in all_of(call.world, call.person)
        if (call.flag("showHidden") or not one.calendar.google.hidden)
        and (call.flag("showDeleted") or not one.calendar.google.deleted)
        and (lowest is None or one.at_least(lowest))
    ]
    page, following = page_of(call, listed, _LARGEST_PAGE, _USUAL_PAGE)
    items = [_entry(one) for one in page]
    return Answer(body={"kind": "calendar#calendarList", "etag": '"p1"', **following, "items": items})


def _entry(listed: Listed) -> dict[str, Any]:
    calendar, switches = listed.calendar, listed.calendar.google
    entry: dict[str, Any] = {
        "kind": "calendar#calendarListEntry",
        "etag": f'"{calendar.changes}"',
        "id": listed.id,
        "summary": listed.id if calendar.is_default else calendar.name,
        "timeZone": listed.zone_name,
        "colorId": "14",
        "backgroundColor": calendar.hex_color or "#9fe1e7",
        "foregroundColor": "#000000",
        "accessRole": listed.role,
        "defaultReminders": [],
    }
    if not calendar.is_default:
        entry["dataOwner"] = listed.data_owner
    if switches.summary_override is not None:
        entry["summaryOverride"] = switches.summary_override
    # What is false isn't said.
    flags = {"primary": calendar.is_default, "hidden": switches.hidden, "deleted": switches.deleted}
    entry |= {name: True for name, is_set in flags.items() if is_set}
    entry |= {} if switches.hidden else {"selected": True}
    return {name: value for name, value in entry.items() if name not in switches.omitted}
