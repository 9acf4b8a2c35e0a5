"""Prints calendars the way Graph does."""

from typing import Any

from sandbox.world.ids import change_key
from sandbox.world.model import Calendar, Person

CALENDAR_PROPERTIES = frozenset({
    "id", "name", "color", "hexColor", "isDefaultCalendar", "changeKey", "canShare", "canViewPrivateItems",
    "canEdit", "allowedOnlineMeetingProviders", "defaultOnlineMeetingProvider", "isTallyingResponses",
    "isRemovable", "owner",
})  # fmt: skip
"""The properties of a calendar in the metadata of Graph v1.0, as of August 2026. Graph refuses to select any other."""


def calendar_json(person: Person, calendar: Calendar) -> dict[str, Any]:
    """A calendar with all its properties."""
    is_default = calendar.is_default and person.default_calendar == "found"
    meetings = [] if person.tenant.is_personal else ["teamsForBusiness"]
    return {
        "id": calendar.id,
        "name": calendar.name,
        "color": calendar.color,
        "hexColor": calendar.hex_color,
        "isDefaultCalendar": is_default,
        "changeKey": change_key(calendar.id, str(calendar.changes)),
        "canShare": calendar.can_share,
        "canViewPrivateItems": calendar.can_view_private,
        "canEdit": calendar.can_edit,
        "allowedOnlineMeetingProviders": meetings,
        "defaultOnlineMeetingProvider": meetings[0] if meetings else "unknown",
        "isTallyingResponses": is_default,
        "isRemovable": not is_default,
        "owner": {"name": calendar.owner_name, "address": calendar.owner_email},
    }
