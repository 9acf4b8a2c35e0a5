"""What must be known of a session to know its event among the entries of a calendar."""

from dataclasses import dataclass, replace
from datetime import datetime

from domain.event_digest import EventDigest
from domain.ids import SessionId
from domain.interval import Interval
from domain.session import EventCopy, Hindrance, Session, WriteStatus

SOON_GONE = frozenset({Hindrance.PROVIDER_UNAVAILABLE, Hindrance.SERVICE_MISCONFIGURED})
"""What a removal waits out by itself; everything else somebody must do something about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEvent:
    """What must be known of a session to know its event for what it is."""

    session_id: SessionId
    revision: int
    interval: Interval
    cancelled: bool
    status: WriteStatus
    hindrance: Hindrance | None
    written_at: datetime | None
    copy: EventCopy | None
    """Without what it says."""

    @property
    def times(self) -> frozenset[Interval]:
        """When its event may be without taking anybody's time: where its session is, and where we left it before.

        Until it is rewritten, the time a session was moved from is free: whoever moved it gave that time back. So is
        the time of a cancelled session, while its event is about to go.
        """
        if self.copy is None or self.left_behind:
            return frozenset()
        return frozenset(self.copy.times if self.cancelled else (self.interval, *self.copy.times))

    @property
    def left_behind(self) -> bool:
        """Whether the session is cancelled and its event stays until somebody does something about it."""
        waits = self.status is WriteStatus.WAITING and self.hindrance in SOON_GONE
        return self.cancelled and self.copy is not None and not (self.status is WriteStatus.PENDING or waits)

    def is_settled(self, at: datetime) -> bool:
        """Whether all that had been decided was written by then, and nothing has been decided since."""
        return self.status is WriteStatus.WRITTEN and self.written_at is not None and self.written_at < at


def own_event(session: Session) -> OwnEvent:
    return OwnEvent(
        session_id=session.session_id,
        revision=session.revision,
        interval=session.interval,
        cancelled=session.cancelled,
        status=session.status,
        hindrance=session.hindrance,
        written_at=session.written_at,
        copy=None if session.copy is None else replace(session.copy, written=EventDigest()),
    )
