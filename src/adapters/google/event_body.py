"""What a session's event says, in Google's terms. No guests, ever: Google would send them mail."""

import html
from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from adapters.google.event_ids import event_id_of
from domain.event_digest import APPEARANCE, EVERY_PART, EventPart
from domain.ids import EventMark
from domain.interval import Interval
from domain.session_details import EventColor, SessionDetails

LONGEST_DESCRIPTION = 8192
"""Characters. Nothing official says so; it is what people run into, and what Google's own editor takes."""

_GAP = "<br><br>"
_COLOR_IDS: Final[Mapping[EventColor, str]] = {
    EventColor.PALE_BLUE: "1",
    EventColor.PALE_GREEN: "2",
    EventColor.MAUVE: "3",
    EventColor.PALE_RED: "4",
    EventColor.YELLOW: "5",
    EventColor.ORANGE: "6",
    EventColor.CYAN: "7",
    EventColor.GRAY: "8",
    EventColor.BLUE: "9",
    EventColor.GREEN: "10",
    EventColor.RED: "11",
}
"""The palette of events, by the names of Google's `CalendarApp.EventColor`. It has been these eleven for as long as
there is an API; `colors.get` tells it."""


def new_event(mark: EventMark, interval: Interval, details: SessionDetails) -> dict[str, Any]:
    """All of an event that doesn't exist yet. It gets the zone of its calendar, which is where its owner lives."""
    says = changes_of_event(interval, details, EVERY_PART - APPEARANCE if details.is_plain else EVERY_PART)
    return {"id": event_id_of(mark), "transparency": "opaque", **_without_nulls(says)}


def changes_of_event(
    interval: Interval, details: SessionDetails, parts: Collection[EventPart]
) -> dict[str, Any]:
    """The members that say these parts of the session, for a PATCH: null takes a member away, one not named stays.

    That holds inside of members, too: an event keeps the time zone that it has.
    """
    changes: dict[str, Any] = {}
    for part in parts:
        changes |= _MEMBERS[part](interval, details)
    return changes


def _times(interval: Interval, _: SessionDetails) -> dict[str, Any]:
    """An event that its owner made all-day has dates instead, and Google refuses one that has both."""
    return {
        name: {"dateTime": _instant(time), "date": None}
        for name, time in (("start", interval.start), ("end", interval.end))
    }


def _body(_: Interval, details: SessionDetails) -> dict[str, Any]:
    url = details.join_url
    source = {"title": url, "url": url} if _leads_somewhere(url) else None
    return {"description": _description(details), "source": source}


def _reminder(_: Interval, details: SessionDetails) -> dict[str, Any]:
    minutes = details.reminder_minutes
    popups = [] if minutes is None else [{"method": "popup", "minutes": minutes}]
    return {"reminders": {"useDefault": False, "overrides": popups}}


_MEMBERS: Mapping[EventPart, Callable[[Interval, SessionDetails], dict[str, Any]]] = {
    EventPart.TIME: _times,
    EventPart.TITLE: lambda _, details: {"summary": details.title},
    EventPart.BODY: _body,
    EventPart.PLACE: lambda _, details: {"location": details.place},
    EventPart.REMINDER: _reminder,
    EventPart.VISIBILITY: lambda _, details: {"visibility": "private" if details.is_private else "default"},
    EventPart.CATEGORY: lambda _, details: {},  # it has none
    EventPart.COLOR: lambda _, details: {"colorId": details.color and _COLOR_IDS[details.color]},
}


def _description(details: SessionDetails) -> str:
    """The text with its line breaks, then the link. Of all members this one alone is HTML to Google.

    What is too long is cut, for Google may refuse it for good; the link stays whole.
    """
    link = _link(details.join_url) if details.join_url else ""
    text = _cut(details.text, LONGEST_DESCRIPTION - (len(_GAP + link) if link else 0))
    return _GAP.join(part for part in (text, link) if part)


def _cut(text: str, longest: int) -> str:
    """As HTML of at most so many characters, markup included."""
    if len(shown := _shown(text)) <= longest:
        return shown
    fits = bisect_right(range(len(text)), longest - 1, key=lambda length: len(_shown(text[:length])))
    return f"{_shown(text[: max(fits - 1, 0)])}…"


def _shown(text: str) -> str:
    """Lines end as Google's own editor ends them: where there is any markup a line end of the text might not show."""
    return "<br>".join(_escaped(line) for line in text.splitlines())


def _link(url: str) -> str:
    if not _leads_somewhere(url):
        return _escaped(url)
    return f'<a href="{html.escape(url)}">{_escaped(url)}</a>'


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _leads_somewhere(url: str) -> bool:
    return url.casefold().startswith(("https://", "http://"))


def _instant(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _without_nulls(member: Any) -> Any:
    """There is nothing to be taken away from what is new."""
    if isinstance(member, dict):
        return {name: _without_nulls(inner) for name, inner in member.items() if inner is not None}
    return member
