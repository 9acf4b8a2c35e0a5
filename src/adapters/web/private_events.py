"""Private events in calendars that somebody else shares: where the person may not see those, neither may we.

There an event of ours that is private can be written, if at all, but not be found, changed or removed any more. So it
says nothing instead, and is like any other.
"""

from collections.abc import Collection
from typing import Final

from domain.event_digest import APPEARANCE, EventPart
from domain.session_details import SessionDetails

_TELLING: Final = APPEARANCE | {EventPart.TITLE, EventPart.BODY, EventPart.PLACE}
"""The parts that say what it is about, or who sees that."""


def depends_on_calendar(details: SessionDetails, parts: Collection[EventPart]) -> bool:
    """Whether it depends on the calendar what these parts of an event are to say."""
    if details.is_private:
        return not _TELLING.isdisjoint(parts)
    return EventPart.VISIBILITY in parts and not _TELLING.issubset(parts)


def as_shared(
    details: SessionDetails, parts: Collection[EventPart], *, shows_private: bool
) -> tuple[SessionDetails, Collection[EventPart]]:
    """What an event in a calendar of somebody else's says, and which parts to send.

    All that is telling at once: what was said of it so far was said by the rights of then.
    """
    withheld = details.is_private and not shows_private
    return details.withheld if withheld else details, _TELLING.union(parts)
