"""Sessions: what was booked, what of it must be in a calendar, and what is."""

import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum

from domain.errors import DomainError, EtagMismatch
from domain.event_digest import EventDigest, EventPart, digest_by_part
from domain.ids import AccountId, CalendarId, EventMark, ExpertId, SessionId
from domain.interval import Interval
from domain.session_details import SessionDetails

_MARKS = uuid.UUID("6f1d8c1a-8f0e-4c57-9a55-1c6b8f0f5b11")


@dataclass(kw_only=True, eq=False)
class SessionNotFound(DomainError):
    """This expert has no session with this id."""


@dataclass(kw_only=True, eq=False)
class SessionTooOld(DomainError):
    """This expert has no session with this id (any more), and the time wanted for it ended so long ago that one may
    have been forgotten: a new one could get a second event."""


class WriteStatus(Enum):
    PENDING = "PENDING"
    """Accepted; a worker is about to write it, or is writing it."""
    WRITTEN = "WRITTEN"
    """The calendar shows the newest state (for a cancelled session: shows it no more)."""
    WAITING = "WAITING"
    """Something stands in the way; it is written by itself once that is gone."""
    FAILED = "FAILED"
    """The provider refuses it for good; only a change of the session can help."""


class Hindrance(Enum):
    """What stands in the way of writing a session."""

    NO_WRITABLE_CALENDAR = "NO_WRITABLE_CALENDAR"
    RECONNECT_REQUIRED = "RECONNECT_REQUIRED"
    CALENDAR_MISSING = "CALENDAR_MISSING"
    CALENDAR_NOT_WRITABLE = "CALENDAR_NOT_WRITABLE"
    ACCOUNT_DISCONNECTED = "ACCOUNT_DISCONNECTED"
    PROVIDER_UNAVAILABLE = "PROVIDER_UNAVAILABLE"
    SERVICE_MISCONFIGURED = "SERVICE_MISCONFIGURED"
    REFUSED_BY_PROVIDER = "REFUSED_BY_PROVIDER"
    MAILBOX_NOT_SERVED = "MAILBOX_NOT_SERVED"
    PERMISSION_REQUIRED = "PERMISSION_REQUIRED"
    MAILBOX_FULL = "MAILBOX_FULL"
    MAILBOX_SUSPENDED = "MAILBOX_SUSPENDED"


class Replacement(Enum):
    """Why the present event is not the session's first one."""

    ACCOUNT_DISCONNECTED = "ACCOUNT_DISCONNECTED"
    EVENT_DELETED = "EVENT_DELETED"
    CALENDAR_GONE = "CALENDAR_GONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPlace:
    """Where an event is: its calendar and itself, by the provider's ids."""

    remote_calendar_id: str = field(repr=False)
    remote_id: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCopy:
    """The session's event in a calendar.

    `remote_id` is None from the moment its creation is begun until the outcome is known: the event may or may not
    exist, and is looked up by `mark` before anything else is tried. `times` are all at which we may have left it: the
    one last written, then those of attempts whose outcome is not known. `written` is what we last wrote, without the
    parts that a call of unknown outcome may have changed since: a change sends only what differs from it, so that what
    the owner made of the rest stays.
    """

    account_id: AccountId
    calendar_id: CalendarId
    remote_calendar_id: str = field(repr=False)
    mark: EventMark
    times: tuple[Interval, ...]
    remote_id: str | None = field(default=None, repr=False)
    written: EventDigest = field(default=EventDigest(), repr=False)

    @property
    def place(self) -> EventPlace | None:
        """None while it is unknown whether the event exists."""
        if self.remote_id is None:
            return None
        return EventPlace(remote_calendar_id=self.remote_calendar_id, remote_id=self.remote_id)

    def at(self, place: EventPlace) -> "EventCopy":
        return replace(self, remote_calendar_id=place.remote_calendar_id, remote_id=place.remote_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A booking. `revision` says which state must be in the calendar, `written_revision` which one is (0: none yet).

    `left` are events that another one took the place of while their accounts were disconnected, to be removed once
    these are connected again. `copies` counts the events begun for it so far; `due_at` is when a worker should look at
    it next, None for never. `created_at` is None for one that is older than this was kept, and `updated_at` is when
    callers last saw something else of it: both say nothing of what was booked, and don't count in comparisons.
    """

    expert_id: ExpertId
    session_id: SessionId
    interval: Interval
    details: SessionDetails
    cancelled: bool = False
    revision: int = 1
    written_revision: int = 0
    status: WriteStatus = WriteStatus.PENDING
    hindrance: Hindrance | None = None
    failures: int = 0
    due_at: datetime | None = None
    written_at: datetime | None = None
    copy: EventCopy | None = None
    left: tuple[EventCopy, ...] = ()
    copies: int = 0
    replacement: Replacement | None = None
    created_at: datetime | None = field(compare=False)
    updated_at: datetime = field(compare=False)

    @property
    def etag(self) -> str:
        return f"r{self.revision}"

    @property
    def known_copy(self) -> EventCopy | None:
        """The event that surely exists: one whose creation was only begun may not."""
        return self.copy if self.copy is not None and self.copy.remote_id is not None else None

    @property
    def over_at(self) -> datetime:
        """When its time is over, and that of its event wherever we may have left it."""
        times = self.copy.times if self.copy is not None else ()
        return max([self.interval.end, *(one.end for one in times)])

    @property
    def is_done_with(self) -> bool:
        """Whether nothing is left to do for it, now or when something that is away comes back."""
        at_rest = self.status in {WriteStatus.WRITTEN, WriteStatus.FAILED} and self.due_at is None
        to_be_removed = bool(self.left) or (self.cancelled and self.copy is not None)
        return at_rest and not to_be_removed

    @property
    def told_of_event(self) -> tuple[object, ...]:
        """What callers see of the event, but for when it is looked at next."""
        copy = self.known_copy
        return (
            self.status,
            self.hindrance,
            copy and copy.account_id,
            copy and copy.calendar_id,
            self.written_revision,
            self.written_at,
            self.replacement,
        )

    @property
    def digest(self) -> EventDigest:
        """Of what its event must say now."""
        times = (self.interval.start, self.interval.end)
        time = digest_by_part({EventPart.TIME: tuple(one.astimezone(UTC).isoformat() for one in times)})
        return self.details.digest.over(time)

    def details_at(self, now: datetime) -> SessionDetails:
        """What its event is to say when it is written now: a reminder whose moment has passed would pop up too late."""
        return replace(self.details, reminder_minutes=None) if self._reminder_passed(now) else self.details

    def digest_at(self, now: datetime) -> EventDigest:
        """The same, without the reminder where its moment has passed: of that nothing is said, so that what the event
        has of it stays, and that it is set when the session is moved to a later time."""
        return self.digest.without(EventPart.REMINDER) if self._reminder_passed(now) else self.digest

    def _reminder_passed(self, now: datetime) -> bool:
        minutes = self.details.reminder_minutes
        return minutes is not None and self.interval.start - timedelta(minutes=minutes) <= now

    def require_etag(self, etag: str) -> None:
        """Raises EtagMismatch unless `etag` is empty or names this very revision."""
        if etag and etag != self.etag:
            raise EtagMismatch

    def put(self, *, interval: Interval, details: SessionDetails, now: datetime) -> "Session":
        """The session as the caller wants it now; the very same wish changes nothing. Revives a cancelled one."""
        if not self.cancelled and (self.interval, self.details) == (interval, details):
            return self
        return self._revised(now, interval=interval, details=details, cancelled=False)

    def cancel(self, *, now: datetime) -> "Session":
        return self if self.cancelled else self._revised(now, cancelled=True)

    def _revised(self, now: datetime, **changes: object) -> "Session":
        return replace(
            self,
            revision=self.revision + 1,
            status=WriteStatus.PENDING,
            hindrance=None,
            failures=0,
            due_at=now,
            copy=self._copy_as_written(),
            updated_at=now,
            **changes,  # type: ignore[arg-type]
        )

    def _copy_as_written(self) -> EventCopy | None:
        """Of a copy for which none was stored, as long as the session itself is what was written."""
        at_rest = self.status is WriteStatus.WRITTEN and not self.cancelled
        if self.copy is None or not at_rest or self.copy.written.parts:
            return self.copy
        return replace(self.copy, written=self.digest)

    def updated(self, now: datetime) -> "Session":
        """The same, of which callers see something else as of `now`."""
        return replace(self, updated_at=now)

    def to_be_cleared(self, now: datetime) -> "Session":
        """To be looked at at once, though its newest state was written as far as possible: more has become possible."""
        return replace(self, status=WriteStatus.PENDING, hindrance=None, failures=0, due_at=now)

    def woken(self, now: datetime) -> "Session":
        """To be looked at again at once, because what it waited for may have come."""
        return replace(self, due_at=now) if self.status is WriteStatus.WAITING else self


def new_session(
    *, expert_id: ExpertId, session_id: SessionId, interval: Interval, details: SessionDetails, now: datetime
) -> Session:
    return Session(
        expert_id=expert_id,
        session_id=session_id,
        interval=interval,
        details=details,
        due_at=now,
        created_at=now,
        updated_at=now,
    )


def mark_for(session: Session) -> EventMark:
    """The mark of the session's next event.

    It depends on nothing but the session and the number of the copy, so every replica and every retry derives the same
    one. A deliberate new copy gets a new mark: providers remember the old one for as long as they like, and may answer
    with the deleted event, or take no other under its mark.
    """
    name = f"{session.expert_id}\n{session.session_id}\n{session.copies + 1}"
    return EventMark(str(uuid.uuid5(_MARKS, name)))
