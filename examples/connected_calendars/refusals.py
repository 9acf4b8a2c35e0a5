"""Why a session was not accepted, in words: who has its time, or which calendar nobody could look into."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import grpc.aio

from calendarsync.v1 import error_reason_pb2 as reasons
from calendarsync.v1.availability_pb2 import UnreadReason
from calendarsync_client import Failure, failure_of
from connected_calendars.evidence import unread_for
from connected_calendars.failures import STATUSES, words_of
from connected_calendars.names import Names

FIELDS: Final = {
    "details.title": "A title of 1 to 255 characters is needed.",
    "details.text": "The notes are longer than 32,768 characters, or have characters that calendars can't hold.",
    "details.place": "The place is longer than 255 characters, or has characters that calendars can't hold.",
}
"""By the names that the service has for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """`details` are what it is about, one a line; `fields` what is wrong with what was filled in, by its name there."""

    status: int
    what: str
    then: str
    details: Sequence[str] = ()
    fields: dict[str, str]
    taken: bool = False
    """Another time has to be chosen."""
    reconnects: bool = False
    """An account has to be reconnected first."""
    retry_after_seconds: int = 0


def refusal_of(error: grpc.aio.AioRpcError, names: Names) -> Refusal:
    failure = failure_of(error)
    words = words_of(failure)
    unread = failure.reason in {
        reasons.ERROR_REASON_AVAILABILITY_UNKNOWN,
        reasons.ERROR_REASON_CALENDARS_UNREADABLE,
    }
    return Refusal(
        status=STATUSES.get(failure.code, 502),
        what=words.what,
        then=words.then,
        details=_unread(failure, names) if unread else _takers(failure, names),
        fields={name.removeprefix("details."): FIELDS[name] for name in failure.fields if name in FIELDS},
        taken=failure.reason == reasons.ERROR_REASON_TIME_TAKEN,
        reconnects=failure.reason == reasons.ERROR_REASON_CALENDARS_UNREADABLE,
        retry_after_seconds=_seconds(failure),
    )


def _takers(failure: Failure, names: Names) -> Sequence[str]:
    """Of TIME_TAKEN; nothing of any other. What is in the calendar is nobody's business but its owner's."""
    calendars = _listed(failure, "busy_calendar_ids")
    found = [f"There is something in {names.calendar(one)}." for one in calendars]
    if _listed(failure, "busy_session_ids"):
        found.append("Another session is booked for then.")
    if _listed(failure, "busy_hold_ids"):
        found.append("Somebody is just booking it.")
    return found


def _unread(failure: Failure, names: Names) -> Sequence[str]:
    calendars, why = _listed(failure, "unread_calendar_ids"), _listed(failure, "unread_reasons")
    found = []
    for number, calendar in enumerate(calendars):
        unread = unread_for(_reason(why[number] if number < len(why) else ""))
        found.append(f"{names.calendar(calendar)}: {unread.why}. {unread.then}")
    return found


def _reason(name: str) -> UnreadReason.ValueType:
    """Named without its prefix or with it; newer ones are not specified."""
    known = UnreadReason.DESCRIPTOR.values_by_name
    found = known.get(name) or known.get(f"UNREAD_REASON_{name}")
    return UnreadReason.ValueType(found.number if found else 0)


def _listed(failure: Failure, key: str) -> Sequence[str]:
    """A list that was too long ends in dots."""
    return [one for one in failure.metadata.get(key, "").split() if one != "..."]


def _seconds(failure: Failure) -> int:
    return math.ceil(failure.retry_after.total_seconds()) if failure.retry_after else 0
