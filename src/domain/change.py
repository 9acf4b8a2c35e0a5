"""The changes that callers hear of."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from domain.account import Account
from domain.errors import DomainError
from domain.hold import Hold
from domain.ids import AccountId, CalendarId, ExpertId, HoldId, IncidentId, SessionId
from domain.incident import Incident
from domain.session import Session, WriteStatus


class ChangeType(Enum):
    """What each means, and which answers it changes, is in the contract."""

    UNSPECIFIED = "UNSPECIFIED"
    """Written by a process of a later version."""
    ACCOUNT_RECONNECT_REQUIRED = "ACCOUNT_RECONNECT_REQUIRED"
    ACCOUNT_RECONNECTED = "ACCOUNT_RECONNECTED"
    CALENDARS_CHANGED = "CALENDARS_CHANGED"
    BUSY_TIME_CHANGED = "BUSY_TIME_CHANGED"
    SESSION_WRITTEN = "SESSION_WRITTEN"
    SESSION_WAITING = "SESSION_WAITING"
    SESSION_FAILED = "SESSION_FAILED"
    SESSION_COLLIDES = "SESSION_COLLIDES"
    SESSION_EVENT_CHANGED = "SESSION_EVENT_CHANGED"
    ACCOUNT_CONNECTED = "ACCOUNT_CONNECTED"
    ACCOUNT_DISCONNECTED = "ACCOUNT_DISCONNECTED"
    EXPERT_CHANGED = "EXPERT_CHANGED"
    EXPERT_ERASED = "EXPERT_ERASED"
    EXPERT_MOVED = "EXPERT_MOVED"
    EXPERT_ARRIVED = "EXPERT_ARRIVED"
    HOLD_PLACED = "HOLD_PLACED"
    HOLD_ENDED = "HOLD_ENDED"
    SESSION_ACCEPTED = "SESSION_ACCEPTED"
    SESSION_CANCELLED = "SESSION_CANCELLED"
    SESSION_PENDING = "SESSION_PENDING"
    INCIDENT_OPENED = "INCIDENT_OPENED"
    INCIDENT_CLOSED = "INCIDENT_CLOSED"
    INCIDENT_NOTICE_SENT = "INCIDENT_NOTICE_SENT"
    INCIDENT_NOTICE_DUE = "INCIDENT_NOTICE_DUE"
    INCIDENT_NOTICE_REFUSED = "INCIDENT_NOTICE_REFUSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of the feed: what changed, never what it says. `expires_at` is when a placed hold ends by itself."""

    type: ChangeType
    expert_id: ExpertId
    at: datetime
    account_id: AccountId | None = None
    calendar_id: CalendarId | None = None
    session_id: SessionId | None = None
    hold_id: HoldId | None = None
    incident_id: IncidentId | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, order=True)
class FeedPosition:
    """A place in the one order of all changes: the transaction that wrote them, then the number within.

    `history` says whose transactions these are. A restarted feed has another one, and places of different histories
    have no order.
    """

    history: int
    transaction: int
    number: int


@dataclass(kw_only=True, eq=False)
class CursorExpired(DomainError):
    """The changes after the cursor are no longer kept, or it belongs to a feed that this one is not the rest of."""


def change_of_account(type_: ChangeType, account: Account, *, at: datetime) -> Change:
    return Change(type=type_, expert_id=account.expert_id, at=at, account_id=account.account_id)


def change_of_expert(type_: ChangeType, expert_id: ExpertId, *, at: datetime) -> Change:
    return Change(type=type_, expert_id=expert_id, at=at)


def change_of_incident(type_: ChangeType, incident: Incident, *, at: datetime) -> Change:
    return Change(
        type=type_,
        expert_id=incident.expert_id,
        at=at,
        account_id=incident.account_id,
        incident_id=incident.incident_id,
    )


def hold_placed(hold: Hold, *, at: datetime) -> Change:
    return Change(
        type=ChangeType.HOLD_PLACED,
        expert_id=hold.expert_id,
        at=at,
        hold_id=hold.hold_id,
        expires_at=hold.expires_at,
    )


def hold_ended(hold: Hold, *, at: datetime) -> Change:
    return Change(type=ChangeType.HOLD_ENDED, expert_id=hold.expert_id, at=at, hold_id=hold.hold_id)


def change_of_booking(type_: ChangeType, session: Session, *, at: datetime) -> Change:
    return Change(type=type_, expert_id=session.expert_id, at=at, session_id=session.session_id)


_OF_STATUS = {
    WriteStatus.PENDING: ChangeType.SESSION_PENDING,
    WriteStatus.WRITTEN: ChangeType.SESSION_WRITTEN,
    WriteStatus.WAITING: ChangeType.SESSION_WAITING,
    WriteStatus.FAILED: ChangeType.SESSION_FAILED,
}


def change_of_session(before: Session, after: Session, *, at: datetime) -> Change | None:
    """What watchers hear when a worker has dealt with a session; None when they know already.

    They know everything about its event except when it is tried next: that moves with every try.
    """
    if before.told_of_event == after.told_of_event:
        return None
    return change_of_booking(_OF_STATUS[after.status], after, at=at)
