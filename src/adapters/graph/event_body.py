"""What a session's event says, in Graph's terms. No attendees, ever: Outlook would send them mail."""

import html
from datetime import UTC, datetime
from typing import Any

from domain.interval import Interval
from domain.session import SessionDetails


def event_from_session(interval: Interval, details: SessionDetails) -> dict[str, Any]:
    """The members that follow the session; the owner's own status and reminder are not among them."""
    return {
        "subject": details.title,
        "body": {"contentType": "html", "content": _body(details)},
        "start": _time(interval.start),
        "end": _time(interval.end),
        "isAllDay": False,
        "location": {"displayName": details.place},
    }


def reminder_from_session(details: SessionDetails) -> dict[str, Any]:
    if details.reminder_minutes is None:
        return {"isReminderOn": False}
    return {"isReminderOn": True, "reminderMinutesBeforeStart": details.reminder_minutes}


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
