"""The names of our own events: a session's mark is the UID of its event, and the name of its file but for the ending.

So there is nothing to search by: where the event is in a calendar is known before it is asked for.
"""

import re
from typing import Final
from urllib.parse import quote

from adapters.caldav.paths import path_below
from domain.ids import EventMark

_OURS: Final = re.compile("([0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})[.]ics")


def file_of(mark: EventMark) -> str:
    """The id of an event of ours inside its calendar."""
    return f"{mark}.ics"


def mark_in(file: str) -> EventMark | None:
    """The mark that a file of this name has: marks are UUIDs of version 5. Apple's apps spell theirs in capitals, and
    others make them at random, which is version 4; or every event would look like one of ours.

    A name that another app chose may look like ours: a mark that no session ever gave means nothing to anybody.
    """
    found = _OURS.fullmatch(file)
    return EventMark(found[1]) if found else None


def path_of_event(home: str, remote_calendar_id: str, file: str) -> str:
    """Where an event of ours is, below the home of its calendars."""
    return path_below(home, remote_calendar_id) + quote(file)
