"""What a session's event says, in Graph's terms. No attendees, ever: Outlook would send them mail."""

import html
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

from domain.event_digest import APPEARANCE, EVERY_PART, EventPart
from domain.ids import EventMark
from domain.interval import Interval
from domain.session_details import SessionDetails


def new_event(mark: EventMark, interval: Interval, details: SessionDetails) -> dict[str, Any]:
    """All of an event that doesn't exist yet. Of what it has by itself nothing is said."""
    parts = EVERY_PART - APPEARANCE if details.is_plain else EVERY_PART
    event = event_from_session(interval, details, parts)
    return event | {"showAs": "busy", "transactionId": mark}


def event_from_session(
    interval: Interval, details: SessionDetails, parts: Collection[EventPart]
) -> dict[str, Any]:
    """The members that say these parts of the session; what is not among them Graph leaves as it is."""
    event: dict[str, Any] = {}
    for part in parts:
        event |= _MEMBERS[part](interval, details)
    return event


def _times(interval: Interval, _: SessionDetails) -> dict[str, Any]:
    """All three, since Graph judges them together: an event that its owner made all-day takes no other hours."""
    return {"start": _time(interval.start), "end": _time(interval.end), "isAllDay": False}


def _reminder(_: Interval, details: SessionDetails) -> dict[str, Any]:
    if details.reminder_minutes is None:
        return {"isReminderOn": False}
    return {"isReminderOn": True, "reminderMinutesBeforeStart": details.reminder_minutes}


_MEMBERS: dict[EventPart, Callable[[Interval, SessionDetails], dict[str, Any]]] = {
    EventPart.TIME: _times,
    EventPart.TITLE: lambda _, details: {"subject": details.title},
    EventPart.BODY: lambda _, details: {"body": {"contentType": "html", "content": _body(details)}},
    EventPart.PLACE: lambda _, details: {"location": {"displayName": details.place}},
    EventPart.REMINDER: _reminder,
    EventPart.VISIBILITY: lambda _, details: {"sensitivity": "private" if details.is_private else "normal"},
    EventPart.CATEGORY: lambda _, details: {"categories": [details.category] if details.category else []},
    EventPart.COLOR: lambda _, details: {},  # it has that of its category
}


def _body(details: SessionDetails) -> str:
    """The text with its line breaks, then the link: as HTML, since Outlook turns plain text into HTML its own way."""
    lines = [html.escape(line) for line in details.text.splitlines()]
    paragraphs = ["<br>\n".join(lines)] if lines else []
    if details.join_url:
        paragraphs.append(_link(details.join_url))
    return "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)


def _link(url: str) -> str:
    shown = html.escape(url)
    if not url.casefold().startswith(("https://", "http://")):
        return shown
    return f'<a href="{shown}">{shown}</a>'


def _time(instant: datetime) -> dict[str, str]:
    return {"dateTime": instant.astimezone(UTC).replace(tzinfo=None).isoformat(), "timeZone": "UTC"}
