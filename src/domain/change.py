"""The changes callers are told of."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from domain.account import Account
from domain.errors import DomainError
from domain.ids import AccountId, CalendarId, ExpertId, SessionId
from domain.session import Session, WriteStatus


class ChangeType(Enum):
    ACCOUNT_RECONNECT_REQUIRED = "ACCOUNT_RECONNECT_REQUIRED"
    ACCOUNT_RECONNECTED = "ACCOUNT_RECONNECTED"
    CALENDARS_CHANGED = "CALENDARS_CHANGED"
    BUSY_TIME_CHANGED = "BUSY_TIME_CHANGED"
    SESSION_WRITTEN = "SESSION_WRITTEN"
    SESSION_WAITING = "SESSION_WAITING"
    SESSION_FAILED = "SESSION_FAILED"
    SESSION_COLLIDES = "SESSION_COLLIDES"
    SESSION_EVENT_CHANGED = "SESSION_EVENT_CHANGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of the feed: what changed, never what it says."""

    type: ChangeType
    expert_id: ExpertId
    at: datetime
    account_id: AccountId | None = None
    calendar_id: CalendarId | None = None
    session_id: SessionId | None = None


@dataclass(frozen=True, slots=True, order=True)
class FeedPosition:
    """A place in the one order of all changes: the transaction that wrote them, then the number within.

    `history` says whose transactions these are. A feed that starts anew has another one, and no place of one history is
    before or after a place of another.
    """

    history: int
    transaction: int
    number: int


@dataclass(kw_only=True, eq=False)
class CursorExpired(DomainError):
    """The changes after the cursor are no longer kept, or it belongs to a feed that this one is not the rest of."""


def change_of_account(type_: ChangeType, account: Account, *, at: datetime) -> Change:
    return Change(type=type_, expert_id=account.expert_id, at=at, account_id=account.account_id)


_OF_STATUS = {
    WriteStatus.WRITTEN: ChangeType.SESSION_WRITTEN,
    WriteStatus.WAITING: ChangeType.SESSION_WAITING,
    WriteStatus.FAILED: ChangeType.SESSION_FAILED,
}


def change_of_session(before: Session, after: Session, *, at: datetime) -> Change | None:
    """What watchers are told when a worker has dealt with a session; None when they know already."""
    known = (before.status, before.hindrance, before.written_revision)
    type_ = _OF_STATUS.get(after.status)
    if type_ is None or known == (after.status, after.hindrance, after.written_revision):
        return None
    return Change(type=type_, expert_id=after.expert_id, at=at, session_id=after.session_id)
