"""What is known of an expert's time: readings, what could not be read, and verdicts on candidate times."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from domain.ids import AccountId, CalendarId, SessionId
from domain.interval import Interval, WindowTooLong, clip, merge

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One look at one calendar over one window: its busy time inside the window and when it was read."""

    calendar_id: CalendarId
    account_id: AccountId
    read_at: datetime
    busy: tuple[Interval, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A conflict calendar that could not be read, and why."""

    calendar_id: CalendarId
    account_id: AccountId
    reason: UnreadReason


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedTime:
    """A live session of the expert: counts as busy from the moment it is accepted."""

    session_id: SessionId
    interval: Interval


class Verdict(Enum):
    FREE = "FREE"
    BUSY = "BUSY"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTime:
    """The verdict on one candidate, and which calendars and sessions make it busy."""

    candidate: Interval
    verdict: Verdict
    busy_calendars: tuple[CalendarId, ...]
    sessions: tuple[SessionId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """All evidence on one expert's time inside `window`: every conflict calendar is in `readings` or in `unread`."""

    window: Interval
    readings: tuple[Reading, ...]
    unread: tuple[Unread, ...]
    booked: tuple[BookedTime, ...]

    @property
    def complete(self) -> bool:
        """Whether every conflict calendar was read; only then may a time be called free."""
        return not self.unread

    @property
    def busy(self) -> tuple[Interval, ...]:
        from_calendars = (interval for reading in self.readings for interval in reading.busy)
        from_sessions = (booked.interval for booked in self.booked)
        return merge(clip([*from_calendars, *from_sessions], self.window))

    def check(self, candidate: Interval) -> CheckedTime:
        """Busy when anything known overlaps it, free when everything is known and nothing does, else unknown.

        Nothing is known outside the window.
        """
        calendars = tuple(
            reading.calendar_id
            for reading in self.readings
            if any(interval.overlaps(candidate) for interval in reading.busy)
        )
        sessions = tuple(one.session_id for one in self.booked if one.interval.overlaps(candidate))
        otherwise = Verdict.FREE if self.complete and self.window.holds(candidate) else Verdict.UNKNOWN
        verdict = Verdict.BUSY if calendars or sessions else otherwise
        return CheckedTime(candidate=candidate, verdict=verdict, busy_calendars=calendars, sessions=sessions)


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
