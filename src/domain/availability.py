"""What is known of an expert's time: readings, what could not be read, and verdicts on candidate times."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from domain.blocking import BlockingRule
from domain.deviation import Deviation, blocked_by
from domain.ids import AccountId, CalendarId, HoldId, SessionId
from domain.interval import Interval, WindowTooLong
from domain.spans import Span, Spans, as_span
from domain.taken import NOBODY, BookedTime, HeldTime, Taken, Takers

LONGEST_WINDOW = timedelta(days=366)


class UnreadReason(Enum):
    """Why a conflict calendar could not be read."""

    RECONNECT_REQUIRED = "RECONNECT_REQUIRED"
    CALENDAR_MISSING = "CALENDAR_MISSING"
    ACCESS_DENIED = "ACCESS_DENIED"
    THROTTLED = "THROTTLED"
    TIMED_OUT = "TIMED_OUT"
    PROVIDER_UNAVAILABLE = "PROVIDER_UNAVAILABLE"
    INVALID_ANSWER = "INVALID_ANSWER"
    SERVICE_MISCONFIGURED = "SERVICE_MISCONFIGURED"
    SERVICE_FAILED = "SERVICE_FAILED"
    MAILBOX_NOT_SERVED = "MAILBOX_NOT_SERVED"
    MAILBOX_SUSPENDED = "MAILBOX_SUSPENDED"
    ACCESS_DOUBTED = "ACCESS_DOUBTED"


SOON = timedelta(seconds=5)
LATER = timedelta(minutes=1)
NEXT_LOOK: Mapping[UnreadReason, timedelta | None] = {
    UnreadReason.RECONNECT_REQUIRED: None,
    UnreadReason.CALENDAR_MISSING: None,
    UnreadReason.ACCESS_DENIED: LATER,
    UnreadReason.THROTTLED: SOON,
    UnreadReason.TIMED_OUT: SOON,
    UnreadReason.PROVIDER_UNAVAILABLE: SOON,
    UnreadReason.INVALID_ANSWER: SOON,
    UnreadReason.SERVICE_MISCONFIGURED: LATER,
    UnreadReason.SERVICE_FAILED: LATER,
    UnreadReason.MAILBOX_NOT_SERVED: None,
    UnreadReason.MAILBOX_SUSPENDED: None,
    UnreadReason.ACCESS_DOUBTED: LATER,
}
"""How soon another look may say more where nobody named a pause; None: not before a person has acted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFailure:
    """Why a look at a calendar found nothing. `pause` is how long to leave it alone, where that is known."""

    reason: UnreadReason
    pause: timedelta | None = None


class UncheckedReason(Enum):
    """Why an expert has no conflict calendar."""

    NO_ACCOUNT = "NO_ACCOUNT"
    NO_CALENDAR_CHOSEN = "NO_CALENDAR_CHOSEN"


class ReadingSource(Enum):
    """How a reading came to be known: read for this very question, or read earlier and kept."""

    LIVE = "LIVE"
    STORED = "STORED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One look at one calendar: its busy time inside the window asked about, perhaps more, and when it was read.

    `deviations` are events of ours that were found elsewhere and are not in `busy` yet.
    """

    calendar_id: CalendarId
    account_id: AccountId
    read_at: datetime
    busy: Spans
    source: ReadingSource
    deviations: tuple[Deviation, ...] = ()

    def asked_without(self, sessions: Collection[SessionId]) -> "Reading":
        """For a question that leaves these sessions out: of the events found elsewhere, all others block."""
        if not self.deviations:
            return self
        return replace(self, busy=self.busy.united(blocked_by(self.deviations, but=sessions)), deviations=())

    def with_part(self, other: "Reading") -> "Reading":
        """Together with a look at another part of the window: as old as the older, stored if either is."""
        stored = ReadingSource.STORED in {self.source, other.source}
        return replace(
            self,
            read_at=min(self.read_at, other.read_at),
            busy=self.busy.united(other.busy),
            source=ReadingSource.STORED if stored else ReadingSource.LIVE,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A conflict calendar that could not be read, and why; `pause` as in ReadFailure."""

    calendar_id: CalendarId
    account_id: AccountId
    reason: UnreadReason
    pause: timedelta | None = None

    @property
    def retry_after(self) -> timedelta | None:
        """How soon another look may say more; None: not before a person has acted."""
        return self.pause or NEXT_LOOK[self.reason]


class Verdict(Enum):
    FREE = "FREE"
    BUSY = "BUSY"
    UNKNOWN = "UNKNOWN"


class CheckedTime(NamedTuple):
    """The verdict on one candidate, and who makes it busy. A plain tuple, since a question has many candidates."""

    verdict: Verdict
    takers: Takers = NOBODY


FREE = CheckedTime(Verdict.FREE)
UNKNOWN = CheckedTime(Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """All evidence on one expert's time inside `window`: every conflict calendar is in `readings` or in `unread`.

    `taken` is all that is taken of the window, and may be more than that. `rule` is what the readings were made under.
    `unchecked` says why there is no conflict calendar, where there is none.
    """

    window: Interval
    rule: BlockingRule
    readings: tuple[Reading, ...]
    unread: tuple[Unread, ...]
    taken: Taken
    unchecked: UncheckedReason | None = None

    @property
    def complete(self) -> bool:
        """Whether every conflict calendar was read; only then may a time be called free."""
        return not self.unread

    @property
    def busy(self) -> Spans:
        return self.taken.spans.clipped_to(self.window)

    def check(self, candidate: Interval) -> CheckedTime:
        """Busy when anything known overlaps it, free when everything is known and nothing does, else unknown.

        Nothing is known to be free outside the window.
        """
        (checked,) = self.check_all((as_span(candidate),))
        return checked

    def check_all(self, candidates: Sequence[Span]) -> list[CheckedTime]:
        """The same for each."""
        earliest, latest = as_span(self.window)
        untaken = FREE if self.complete else UNKNOWN
        return [
            CheckedTime(Verdict.BUSY, takers)
            if takers is not None
            else (untaken if earliest <= start and end <= latest else UNKNOWN)
            for (start, end), takers in zip(candidates, self.taken.by_each(candidates), strict=True)
        ]


def require_answerable(window: Interval) -> None:
    """Raises WindowTooLong beyond 366 days."""
    if window.length > LONGEST_WINDOW:
        raise WindowTooLong(limit=LONGEST_WINDOW)


def still_booked(
    booked: Iterable[BookedTime], *, window: Interval, excluded: Iterable[SessionId] = ()
) -> tuple[BookedTime, ...]:
    """The sessions inside `window`, without those a caller wants left out (one that is being moved)."""
    left_out = set(excluded)
    return tuple(one for one in booked if one.session_id not in left_out and one.interval.overlaps(window))


def still_held(
    held: Iterable[HeldTime], *, window: Interval, excluded: Iterable[HoldId] = ()
) -> tuple[HeldTime, ...]:
    """The same for holds: one that is about to become a session is left out."""
    left_out = set(excluded)
    return tuple(one for one in held if one.hold_id not in left_out and one.interval.overlaps(window))
