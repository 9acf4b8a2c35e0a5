"""What a session's event says, as iCalendar text. No ATTENDEE and no ORGANIZER, ever: the server would mail them.

Times are in UTC, so that no definition of a zone has to go along, and there always is an end: iCloud refuses an event
without one.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from adapters.caldav.text_lines import escaped, folded, joined, plain
from domain.event_digest import EVERY_PART, EventPart
from domain.ids import EventMark
from domain.interval import Interval
from domain.session_details import EventColor, SessionDetails

LONGEST_NOTES: Final = 65_536
"""Characters of notes, the link aside: far below what any server is known to take (`max-resource-size`)."""

PROPERTIES: Final[Mapping[EventPart, frozenset[str]]] = {
    EventPart.TIME: frozenset({"DTSTART", "DTEND", "DURATION"}),
    EventPart.TITLE: frozenset({"SUMMARY"}),
    EventPart.BODY: frozenset({"DESCRIPTION", "X-ALT-DESC", "URL"}),
    EventPart.PLACE: frozenset({"LOCATION", "GEO", "X-APPLE-STRUCTURED-LOCATION"}),
    EventPart.REMINDER: frozenset(),
    EventPart.VISIBILITY: frozenset({"CLASS"}),
    EventPart.CATEGORY: frozenset({"CATEGORIES"}),
    EventPart.COLOR: frozenset({"COLOR"}),
}
"""The properties that say a part of an event, whoever wrote them. A reminder is a component, VALARM."""

_COLORS: Final[Mapping[EventColor, str]] = {
    EventColor.PALE_BLUE: "lightsteelblue",
    EventColor.PALE_GREEN: "mediumaquamarine",
    EventColor.MAUVE: "plum",
    EventColor.PALE_RED: "salmon",
    EventColor.YELLOW: "gold",
    EventColor.ORANGE: "orange",
    EventColor.CYAN: "turquoise",
    EventColor.GRAY: "gray",
    EventColor.BLUE: "royalblue",
    EventColor.GREEN: "green",
    EventColor.RED: "crimson",
}
"""RFC 7986 takes the names of CSS, no values: those that come near to Google's."""
_ALARM: Final = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Reminder")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventText:
    """What is to be said of a session, as of `now`."""

    mark: EventMark
    interval: Interval
    details: SessionDetails = field(repr=False)
    now: datetime

    def new(self) -> bytes:
        """All of an event that doesn't exist yet."""
        return joined(
            (
                "BEGIN:VCALENDAR",
                "VERSION:2.0",
                "PRODID:-//CalendarSync//EN",
                "CALSCALE:GREGORIAN",
                "BEGIN:VEVENT",
                f"UID:{self.mark}",
                *self.revision(0),
                *self.properties(EVERY_PART),
                "TRANSP:OPAQUE",
                "STATUS:CONFIRMED",
                *self.alarm(),
                "END:VEVENT",
                "END:VCALENDAR",
            )
        )

    def revision(self, number: int) -> tuple[str, ...]:
        return f"DTSTAMP:{_instant(self.now)}", f"SEQUENCE:{number}"

    def properties(self, parts: Collection[EventPart]) -> tuple[str, ...]:
        """The lines that say these parts, folded. A part that says nothing has none."""
        return tuple(folded(line) for part in EventPart if part in parts for line in self._lines(part))

    def alarm(self) -> tuple[str, ...]:
        """The lines of the reminder, if there is one."""
        minutes = self.details.reminder_minutes
        return () if minutes is None else (*_ALARM, f"TRIGGER:-PT{minutes}M", "END:VALARM")

    def _lines(self, part: EventPart) -> Iterator[str]:
        match part:
            case EventPart.TIME:
                yield f"DTSTART:{_instant(self.interval.start)}"
                yield f"DTEND:{_instant(self.interval.end)}"
            case EventPart.TITLE:
                yield from _text("SUMMARY", self.details.title)
            case EventPart.BODY:
                yield from _text("DESCRIPTION", _notes(self.details))
                yield from _link(self.details.join_url)
            case EventPart.PLACE:
                yield from _text("LOCATION", self.details.place)
            case EventPart.VISIBILITY if self.details.is_private:
                yield "CLASS:PRIVATE"
            case EventPart.CATEGORY:
                yield from _text("CATEGORIES", self.details.category)
            case EventPart.COLOR if self.details.color is not None:
                yield f"COLOR:{_COLORS[self.details.color]}"


def _text(name: str, text: str) -> Iterator[str]:
    if value := plain(text):
        yield f"{name}:{escaped(value)}"


def _notes(details: SessionDetails) -> str:
    """The text, then the link: the one place where every calendar app shows it."""
    text = details.text
    if len(text) > LONGEST_NOTES:
        text = f"{text[: LONGEST_NOTES - 1]}\N{HORIZONTAL ELLIPSIS}"
    return "\n\n".join(part for part in (text, details.join_url) if part)


def _link(url: str) -> Iterator[str]:
    """Apple's apps show it as a button. Its value isn't escaped, so it stands there only if it can."""
    if url.casefold().startswith(("https://", "http://")) and url.isprintable() and " " not in url:
        yield f"URL:{url}"


def _instant(time: datetime) -> str:
    utc = time.astimezone(UTC)
    return f"{utc.year:04}{utc:%m%dT%H%M%SZ}"
