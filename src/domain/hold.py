"""Times that may be given to one only: holds, and sessions whose time was checked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.availability import CheckedTime, Unread, UnreadReason, Verdict
from domain.errors import DomainError
from domain.ids import CalendarId, ExpertId, HoldId, SessionId
from domain.interval import Interval

USUAL_LIFETIME = timedelta(minutes=5)


@dataclass(kw_only=True, eq=False)
class TimeTaken(DomainError):
    """The time is not free, or another booking of it came first. By what, as far as that is known: where two bookings
    meet, the second learns of the first only."""

    calendars: tuple[CalendarId, ...] = ()
    sessions: tuple[SessionId, ...] = ()
    holds: tuple[HoldId, ...] = ()


@dataclass(kw_only=True, eq=False)
class AvailabilityUnknown(DomainError):
    """Not every conflict calendar could be read now, so the time can't be called free. Waiting may help."""

    unread: tuple[Unread, ...]

    @property
    def retry_after(self) -> timedelta:
        """All of them are needed, so the longest of their pauses."""
        return max(one.retry_after or timedelta() for one in self.unread)


@dataclass(kw_only=True, eq=False)
class CalendarsUnreadable(DomainError):
    """The same, but waiting alone can't help: for at least one of the unread calendars a person must act."""

    unread: tuple[Unread, ...]


@dataclass(kw_only=True, eq=False)
class HoldNotFound(DomainError):
    """The expert has no live hold with this id, or it holds another time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A time reserved until `expires_at`."""

    expert_id: ExpertId
    hold_id: HoldId
    interval: Interval
    expires_at: datetime

    def require_covers(self, interval: Interval, now: datetime) -> None:
        """Raises HoldNotFound when it has expired or holds another time."""
        if now >= self.expires_at or not self.interval.holds(interval):
            raise HoldNotFound


def require_free(checked: CheckedTime, unread: tuple[Unread, ...]) -> None:
    """Raises TimeTaken, AvailabilityUnknown, or CalendarsUnreadable."""
    require_not_taken(checked)
    if checked.verdict is Verdict.UNKNOWN:
        if any(one.retry_after is None for one in unread):
            raise CalendarsUnreadable(unread=unread)
        raise AvailabilityUnknown(unread=unread)


def require_looked_at(unread: tuple[Unread, ...]) -> None:
    """For who had no time to look. Raises AvailabilityUnknown where a look might have said more."""
    if missed := tuple(one for one in unread if one.reason is UnreadReason.TIMED_OUT):
        raise AvailabilityUnknown(unread=missed)


def require_not_taken(checked: CheckedTime) -> None:
    """As far as that is known. Raises TimeTaken."""
    if checked.verdict is Verdict.BUSY:
        raise TimeTaken(**checked.takers._asdict())
