"""The ids of our own events: a session's mark is the id of its event.

Google lets an app choose an id out of 0-9 and a-v, 5 to 1,024 characters, and takes each id once in a calendar
(Calendar API v3, events.insert). A mark is a UUID, and its 32 hexadecimal digits are such an id.
"""

import re

from domain.ids import EventMark

_OURS = re.compile(r"([0-9a-f]{32})(?:_\d{8}(?:T\d{6}Z)?)?")
"""An event of ours, or an occurrence of one that its owner turned into a series: the id of the series, and when the
occurrence begins by the series' rule, as an instant or as a date."""


def event_id_of(mark: EventMark) -> str:
    return mark.replace("-", "")


def mark_in(event_id: str) -> EventMark | None:
    """The mark that an event carries, or an occurrence of it. The ids that Google makes up are shorter.

    An id that another app chose may look like ours: a mark that no session ever gave means nothing to anybody.
    """
    found = _OURS.fullmatch(event_id)
    if found is None:
        return None
    digits = found[1]
    # As a UUID is spelled; to make one of it takes as long as the rest of reading an event.
    return EventMark("-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])))
