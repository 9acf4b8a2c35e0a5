"""Times that may be given to one only: holds, and sessions whose time was checked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.availability import CheckedTime, Unread, Verdict
from domain.errors import DomainError
from domain.ids import CalendarId, ExpertId, HoldId
from domain.interval import Interval

USUAL_LIFETIME = timedelta(minutes=5)


@dataclass(kw_only=True, eq=False)
class TimeTaken(DomainError):
    """The time is not free, or another booking of it came first."""


@dataclass(kw_only=True, eq=False)
class AvailabilityUnknown(DomainError):
    """Not every conflict calendar could be read, so the time can't be called free."""

    unread: tuple[CalendarId, ...]


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
    """Raises TimeTaken, or AvailabilityUnknown."""
    if checked.verdict is Verdict.BUSY:
        raise TimeTaken
    if checked.verdict is Verdict.UNKNOWN:
        raise AvailabilityUnknown(unread=tuple(one.calendar_id for one in unread))
