"""What the audit log records: who did what about whom, in ids only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from domain.account import Account
from domain.calendar_settings import CalendarSettings
from domain.ids import AccountId, CalendarId, ExpertId, SessionId

MOST_CALENDARS: Final = 100
"""How many calendars an entry names; the act counts them all."""


class ActorKind(Enum):
    CALLER = "CALLER"
    """A calling service, by the name that an operator gave it."""
    BROWSER = "BROWSER"
    """Whoever came back from a sign-in, or followed a link."""
    WORKER = "WORKER"
    """The service by itself."""
    OPERATOR = "OPERATOR"
    """A command on the command line."""
    UNSPECIFIED = "UNSPECIFIED"
    """Recorded by a process of a later version."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something. `name` is the caller's."""

    kind: ActorKind
    name: str = ""


class AuditAction(Enum):
    """What was done."""

    UNSPECIFIED = "UNSPECIFIED"
    """Written by a process of a later version."""
    CONSENT_GIVEN = "CONSENT_GIVEN"
    """An account was connected."""
    CONSENT_RENEWED = "CONSENT_RENEWED"
    """A connected account was connected again."""
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    """An account was disconnected, and its grant deleted."""
    CONSENT_LOST = "CONSENT_LOST"
    """The provider no longer accepts the grant."""
    CALENDARS_SELECTED = "CALENDARS_SELECTED"
    """The calendars that it names are read from now on."""
    CALENDARS_DESELECTED = "CALENDARS_DESELECTED"
    """The calendars that it names are no longer read."""
    WRITE_CALENDAR_SELECTED = "WRITE_CALENDAR_SELECTED"
    """Sessions are written to the calendar that it names from now on; if it names none, the service picks one."""
    TENTATIVE_SET_TO_BLOCK = "TENTATIVE_SET_TO_BLOCK"
    """Tentative events make the expert busy from now on."""
    TENTATIVE_SET_TO_LEAVE_FREE = "TENTATIVE_SET_TO_LEAVE_FREE"
    """Tentative events leave the expert free from now on."""
    GRANT_USED = "GRANT_USED"
    """The tokens were opened and renewed, for the first time on a day (in UTC)."""
    EVENT_WRITTEN = "EVENT_WRITTEN"
    """A session got an event in the calendar."""
    EVENT_CHANGED = "EVENT_CHANGED"
    """A session's event was brought up to date."""
    EVENT_REMOVED = "EVENT_REMOVED"
    EXPERT_EXPORTED = "EXPERT_EXPORTED"
    """Everything held about the expert was asked for."""
    EXPERT_ERASED = "EXPERT_ERASED"
    EXPERT_MOVED = "EXPERT_MOVED"
    """Everything of the expert's went to the cell that it names; also back from a move that was given up."""
    CREDENTIAL_MADE = "CREDENTIAL_MADE"
    """A caller got a credential."""
    CREDENTIAL_REVOKED = "CREDENTIAL_REVOKED"
    KEYS_ROTATED = "KEYS_ROTATED"
    """Everything sealed was sealed anew under the first key of the ring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something to be recorded. `about` is a name that an operator gave, as of a credential or a cell; nothing about a
    person."""

    action: AuditAction
    at: datetime
    expert_id: ExpertId | None = None
    account_id: AccountId | None = None
    session_id: SessionId | None = None
    calendar_ids: tuple[CalendarId, ...] = ()
    about: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class AuditPosition:
    """A place in the log: by time, then in the order of recording."""

    at: datetime
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """An act as recorded.

    `subject` stands for the expert, under a name that is made up for the log and means nothing anywhere else. Once the
    expert was erased, nothing leads from it to anybody, and the ids that the act names can't be read any more.
    """

    position: AuditPosition
    actor: Actor
    act: Act
    subject: str | None = None


def act_on_account(action: AuditAction, account: Account, *, at: datetime) -> Act:
    return Act(action=action, at=at, expert_id=account.expert_id, account_id=account.account_id)


def acts_of_selection(before: CalendarSettings, after: CalendarSettings, *, at: datetime) -> tuple[Act, ...]:
    """What it was to choose so; nothing where nothing changed."""

    def act(action: AuditAction, calendar_ids: Iterable[CalendarId]) -> Act:
        return Act(action=action, at=at, expert_id=after.expert_id, calendar_ids=tuple(sorted(calendar_ids)))

    acts = []
    if added := after.conflict - before.conflict:
        acts.append(act(AuditAction.CALENDARS_SELECTED, added))
    if removed := before.conflict - after.conflict:
        acts.append(act(AuditAction.CALENDARS_DESELECTED, removed))
    if after.chosen != before.chosen:
        acts.append(act(AuditAction.WRITE_CALENDAR_SELECTED, [after.chosen] if after.chosen else []))
    if after.tentative_blocks != before.tentative_blocks:
        blocks = after.tentative_blocks
        acts.append(
            act(AuditAction.TENTATIVE_SET_TO_BLOCK if blocks else AuditAction.TENTATIVE_SET_TO_LEAVE_FREE, ())
        )
    return tuple(acts)
