"""Whether an answer of Graph shows the event that was asked for, at the times that were asked for."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from adapters.graph.entries import instant_of
from domain.access import InvalidAnswer
from domain.session import EventCopy

SHOWING_PRESENCE = "id,start,end,transactionId"
"""What to select: enough to know the event again, and nothing of what its owner wrote."""

_SAME = timedelta(minutes=1)
"""Times closer than this are the same: nobody documents how finely Exchange keeps them."""


def is_event_with(answer: Mapping[str, Any], copy: EventCopy, changes: Mapping[str, Any]) -> bool:
    """Whether this is the event of that copy, with the times that these changes set, if they set any.

    Known by its mark too: nobody documents that ids come back as they were asked for where a calendar is shared.
    """
    is_ours = answer.get("id") == copy.remote_id or answer.get("transactionId") == copy.mark
    return is_ours and has_times(answer, changes)


def has_times(answer: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(_are_close(answer.get(name), wanted[name]) for name in ("start", "end") if name in wanted)


def _are_close(time: object, wanted: object) -> bool:
    try:
        one, other = instant_of(time), instant_of(wanted)
    except InvalidAnswer:
        return False
    return one is not None and other is not None and abs(one - other) < _SAME
