"""What an answer about times rests on, in words: how old the reading of each calendar is, or why there is none.

Where one is missing, nothing that isn't busy may be called free.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from calendarsync.v1 import availability_pb2 as availability
from calendarsync.v1.availability_pb2 import CalendarEvidence, UnreadReason
from calendarsync.v1.availability_service_pb2 import ListBusyTimesResponse
from connected_calendars.names import Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Why a calendar was not read, and what helps; `reconnects` where that is a reconnect of its account."""

    why: str
    then: str
    reconnects: bool = False


def _unread(why: str, then: str, *, reconnects: bool = False) -> Unread:
    return Unread(why=why, then=then, reconnects=reconnects)


BY_ITSELF: Final = "It is tried again by itself."
UNREAD: Final[Mapping[UnreadReason.ValueType, Unread]] = {
    availability.UNREAD_REASON_RECONNECT_REQUIRED: _unread(
        "its account has to be connected again", "Reconnect the account.", reconnects=True
    ),
    availability.UNREAD_REASON_CALENDAR_MISSING: _unread(
        "it is not in its account any more", "Choose anew which calendars are checked."
    ),
    availability.UNREAD_REASON_ACCESS_DENIED: _unread(
        "its provider refuses access to it", "Ask its owner to share it again, or don't have it checked."
    ),
    availability.UNREAD_REASON_THROTTLED: _unread("its provider asks for patience", BY_ITSELF),
    availability.UNREAD_REASON_TIMED_OUT: _unread("its provider did not answer in time", BY_ITSELF),
    availability.UNREAD_REASON_PROVIDER_UNAVAILABLE: _unread("its provider has an outage", BY_ITSELF),
    availability.UNREAD_REASON_INVALID_ANSWER: _unread("its provider's answer made no sense", BY_ITSELF),
    availability.UNREAD_REASON_SERVICE_MISCONFIGURED: _unread(
        "its provider doesn't accept our service at the moment", "Our operators have been told."
    ),
    availability.UNREAD_REASON_SERVICE_FAILED: _unread("our own service failed to read it", BY_ITSELF),
    availability.UNREAD_REASON_MAILBOX_NOT_SERVED: _unread(
        "its account has no mailbox any more", "Whoever manages the account must fix that."
    ),
    availability.UNREAD_REASON_MAILBOX_SUSPENDED: _unread(
        "its provider has suspended the account", "Do what the provider wrote to you."
    ),
    availability.UNREAD_REASON_ACCESS_DOUBTED: _unread(
        "its provider refuses us just now, and may have to be asked again for some minutes", BY_ITSELF
    ),
}
OTHERWISE: Final = _unread("it could not be read", BY_ITSELF)
"""For reasons that are newer than this page."""

UNCHECKED: Final = {
    availability.UNCHECKED_REASON_NO_ACCOUNT: "No account is connected.",
    availability.UNCHECKED_REASON_NO_CALENDAR_CHOSEN: "None of your calendars is chosen to be checked.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The look at one calendar: when it was `read`, and how long `ago` that was; or why there is none."""

    calendar: str
    account_id: str
    read: datetime | None = None
    ago: timedelta = timedelta()
    unread: Unread | None = None

    @property
    def age(self) -> str:
        return age(self.ago)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A look at each calendar that is checked, those that could not be read first. Where `unchecked` says why there is
    none to check, whatever is free is so because nobody looked."""

    complete: bool
    looks: Sequence[Look]
    unchecked: str

    @property
    def unread(self) -> int:
        return sum(one.unread is not None for one in self.looks)

    @property
    def oldest(self) -> str:
        """How long ago the calendar was read that was read longest ago."""
        return age(max((one.ago for one in self.looks if one.unread is None), default=timedelta()))


def evidence_of(answer: ListBusyTimesResponse, names: Names, now: datetime) -> Evidence:
    """Of an answer about busy times."""
    found = [_look(one, names, now) for one in answer.calendars]
    return Evidence(
        complete=answer.complete,
        looks=sorted(found, key=lambda one: one.unread is None),
        unchecked=UNCHECKED.get(answer.unchecked_reason, ""),
    )


def unread_for(reason: UnreadReason.ValueType) -> Unread:
    return UNREAD.get(reason, OTHERWISE)


def age(since: timedelta) -> str:
    """Such as "3 minutes ago". The service's clock may be a little ahead of ours."""
    minutes = since // timedelta(minutes=1)
    if minutes < 1:
        return "just now"
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    raise AssertionError


def _look(evidence: CalendarEvidence, names: Names, now: datetime) -> Look:
    calendar = names.calendar(evidence.calendar_id)
    if evidence.WhichOneof("outcome") == "read_time":
        read = evidence.read_time.ToDatetime(UTC)
        return Look(calendar=calendar, account_id=evidence.account_id, read=read, ago=now - read)
    return Look(calendar=calendar, account_id=evidence.account_id, unread=unread_for(evidence.unread_reason))
