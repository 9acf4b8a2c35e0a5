"""What is to be done next for a session's event, and what it came to."""

from collections.abc import Callable
from dataclasses import dataclass

from domain.account import Provider
from domain.audit import AuditAction
from domain.ids import AccountId
from domain.session import EventCopy, Session
from domain.writing import Create, Delete, Remove, Resolve, Update

Change = Callable[[Session], Session]
"""Applied to the session as it is by then: it may have been revised while the provider was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePlan:
    """A session and the step to take for its present revision, at the provider of the account it is about.

    `doubted` is whether the calendar it leads to is known to refuse events, `access_doubted` whether its account was
    refused of late, `missing` whether the account's list is
    known to have it no more, and `elsewhere` whether there is another one to write to.
    """

    session: Session
    step: Create | Resolve | Update | Delete | Remove
    provider: Provider
    doubted: bool = False
    access_doubted: bool = False
    missing: bool = False
    elsewhere: bool = False

    @property
    def copy(self) -> EventCopy:
        """The one the step is about: the session's own, or one that was left behind."""
        if isinstance(self.step, Remove):
            return self.step.copy
        assert self.session.copy is not None
        return self.session.copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a step came to.

    `suspect` is the account whose calendars are not what we think they are; `recovered` one that can be written to,
    after this session had to wait for that. `audited` is what was done in the calendar.
    """

    change: Change
    suspect: AccountId | None = None
    recovered: AccountId | None = None
    audited: AuditAction | None = None


def what_was_done(plan: WritePlan, change: Change) -> AuditAction | None:
    """In the calendar, by a step that the provider did not refuse; None when it only found something out."""
    before, after = plan.session, change(plan.session)
    if after.written_revision > before.written_revision:
        new = before.written_at is None or isinstance(plan.step, Create | Resolve)
        return AuditAction.EVENT_WRITTEN if new else AuditAction.EVENT_CHANGED
    deleted = isinstance(plan.step, Delete) and after.copy is None
    return AuditAction.EVENT_REMOVED if deleted or len(after.left) < len(before.left) else None
