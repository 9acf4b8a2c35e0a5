"""Whether an answer of Google's shows the event that was asked for, and in what state."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.access import InvalidAnswer

SHOWING_STATUS = "id,status"
"""What to ask for where it only matters whether an event is there."""
SHOWING_VERSION = "id,status,etag"
"""What a change has to know before it is made."""
SHOWING_PRESENCE = "id,status,start/dateTime,end/dateTime"
"""What shows that a change was made."""

_SAME = timedelta(minutes=1)
"""Times closer than this are the same: nobody documents how finely Google keeps them."""


def is_deleted(answer: Mapping[str, Any], event_id: str) -> bool:
    """Whether this event is deleted, or was moved to another calendar: both leave a cancelled one behind.

    Raises InvalidAnswer where the answer is about something else.
    """
    if answer.get("id") != event_id:
        raise InvalidAnswer(what="another event than the one asked for")
    return answer.get("status") == "cancelled"


def version_of(answer: Mapping[str, Any]) -> str:
    """Its etag. Raises InvalidAnswer where there is none: a change without one could bring a deleted event back."""
    etag = answer.get("etag")
    if not isinstance(etag, str) or not etag.isprintable() or not 0 < len(etag) <= 256:
        raise InvalidAnswer(what="an event without a version")
    return etag


def is_event_with(answer: Mapping[str, Any], event_id: str, wanted: Mapping[str, Any]) -> bool:
    """Whether this is the living event of that id, with the times that were set, if any were."""
    if answer.get("id") != event_id or answer.get("status") == "cancelled":
        return False
    return all(_are_close(answer.get(name), wanted[name]) for name in ("start", "end") if name in wanted)


def _are_close(time: object, wanted: object) -> bool:
    one, other = _instant(time), _instant(wanted)
    return one is not None and other is not None and abs(one - other) < _SAME


def _instant(time: object) -> datetime | None:
    text = time.get("dateTime") if isinstance(time, dict) else None
    try:
        instant = datetime.fromisoformat(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return instant if instant.tzinfo is not None else None
