"""What errors say about an expert's time: what takes it, and which calendars could not be read, within bounds.

All of a status travels in trailing metadata, which clients refuse when it is large.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from google.rpc import error_details_pb2

from domain.availability import Unread, UnreadReason
from domain.hold import AvailabilityUnknown, CalendarsUnreadable, TimeTaken

MOST_CHARACTERS: Final = 1000
"""Of the ids in one value of metadata; what more there are is left out."""
MOST_ACTS: Final = 5

ACTS: Final[Mapping[UnreadReason, str]] = {
    UnreadReason.RECONNECT_REQUIRED: "the account must be connected again: start a connection for it",
    UnreadReason.CALENDAR_MISSING: "the calendar is gone: other conflict calendars must be chosen",
    UnreadReason.MAILBOX_SUSPENDED: "the provider has suspended the account: its owner must follow what it says",
    UnreadReason.MAILBOX_NOT_SERVED: "the account has no mailbox any more: whoever manages it must mend that",
}
"""What a person must do, where waiting can't help."""


def taken_by(error: TimeTaken) -> dict[str, str]:
    """Metadata in the words of CheckTimes; what takes no part is left out."""
    parts: Mapping[str, Sequence[str]] = {
        "busy_calendar_ids": error.calendars,
        "busy_session_ids": error.sessions,
        "busy_hold_ids": error.holds,
    }
    return {key: " ".join(_fitting(ids)) for key, ids in parts.items() if ids}


def unread_calendars(error: AvailabilityUnknown | CalendarsUnreadable) -> dict[str, str]:
    """Metadata: the unread calendars and, in the same order, their reasons."""
    unread = _most_lasting_first(error.unread)
    ids = _fitting([one.calendar_id for one in unread])
    return {
        "unread_calendar_ids": " ".join(ids),
        "unread_reasons": " ".join(one.reason.name for one in unread[: len(ids)]),
    }


def needed_acts(error: CalendarsUnreadable) -> error_details_pb2.PreconditionFailure:
    """One violation a thing to do; its subject is the account or the calendar."""
    acts = {
        (one.reason, one.calendar_id if one.reason is UnreadReason.CALENDAR_MISSING else one.account_id)
        for one in error.unread
        if one.retry_after is None
    }
    return error_details_pb2.PreconditionFailure(
        violations=[
            error_details_pb2.PreconditionFailure.Violation(
                type=reason.name, subject=subject, description=ACTS[reason]
            )
            for reason, subject in sorted(acts, key=lambda act: (act[0].name, act[1]))[:MOST_ACTS]
        ]
    )


def _most_lasting_first(unread: Iterable[Unread]) -> list[Unread]:
    """Those that need a person come first, so that they are the last to be left out."""
    return sorted(unread, key=lambda one: one.retry_after is not None)


def _fitting(ids: Sequence[str]) -> list[str]:
    fitting: list[str] = []
    length = 0
    for one in ids:
        length += len(one) + 1
        if length > MOST_CHARACTERS:
            break
        fitting.append(one)
    return fitting
