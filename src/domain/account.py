"""Connected accounts: who they are at their provider and whether we still have access."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from domain.access import LossCause
from domain.doubt import APART, Doubt
from domain.errors import DomainError
from domain.ids import AccountId, ExpertId

MAILBOX_PATIENCE = timedelta(hours=6)
"""How long a mailbox must be gone before its owner is notified."""


class Provider(Enum):
    MICROSOFT = "MICROSOFT"
    GOOGLE = "GOOGLE"
    APPLE = "APPLE"


class AccountStatus(Enum):
    ACTIVE = "ACTIVE"
    RECONNECT_REQUIRED = "RECONNECT_REQUIRED"


class AccountKind(Enum):
    PERSONAL = "PERSONAL"
    WORK = "WORK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who an account is at its provider: tenant id and object id, never an e-mail address."""

    provider: Provider
    tenant_id: str
    object_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One connected calendar account of one expert.

    `grant_version` counts the sign-ins: evidence of lost access gathered under an older grant says nothing about
    this one. `unserved_since` is since when its provider says that it has no mailbox (any more); None while it has one.
    `loss_cause` says why access is gone, as long as it is. `doubt` is what points to that where refusals prove nothing
    one by one.
    """

    account_id: AccountId
    expert_id: ExpertId
    identity: Identity
    kind: AccountKind
    status: AccountStatus
    email: str = field(repr=False)
    display_name: str = field(repr=False)
    connected_at: datetime
    grant_version: int
    unserved_since: datetime | None = None
    loss_cause: LossCause | None = None
    doubt: Doubt | None = None

    @property
    def active(self) -> bool:
        return self.status is AccountStatus.ACTIVE

    @property
    def served(self) -> bool:
        return self.unserved_since is None

    def without_mailbox(self, now: datetime) -> "Account":
        """The sign-in stands, but there is nothing to read and to write: its licence was taken away, for instance."""
        return replace(self, unserved_since=self.unserved_since or now)

    def long_without_mailbox(self, now: datetime) -> bool:
        """Whether this can no longer be a passing fault: at times whole mailboxes are not found for hours."""
        return self.unserved_since is not None and self.unserved_since + MAILBOX_PATIENCE <= now

    def with_mailbox(self) -> "Account":
        return replace(self, unserved_since=None)

    def doubted(self, *, worked_at: datetime | None, now: datetime, apart: timedelta = APART) -> "Account":
        """Its present grant was refused, and a fresh probe confirmed it; `worked_at` and `apart` as in Doubt."""
        doubt = self._standing_doubt(worked_at, now)
        if doubt is None:
            return replace(self, doubt=Doubt(grant_version=self.grant_version, refusals=1, last_at=now))
        return replace(self, doubt=doubt.refused_again(now, apart=apart))

    def next_refusal_counts_at(
        self, *, worked_at: datetime | None, now: datetime, apart: timedelta = APART
    ) -> datetime:
        """Before that another says no more than those that counted."""
        doubt = self._standing_doubt(worked_at, now)
        return now if doubt is None else max(doubt.counts_again_at(apart=apart), now)

    def _standing_doubt(self, worked_at: datetime | None, now: datetime) -> Doubt | None:
        if self.doubt is None or not self.doubt.stands(
            grant_version=self.grant_version, worked_at=worked_at, now=now
        ):
            return None
        return self.doubt

    def trusted(self) -> "Account":
        """Something worked."""
        return replace(self, doubt=None)

    def lost(self, cause: LossCause = LossCause.SIGN_IN_REQUIRED) -> "Account":
        return replace(self, status=AccountStatus.RECONNECT_REQUIRED, loss_cause=cause, doubt=None)

    def restored(self) -> "Account":
        return replace(self, status=AccountStatus.ACTIVE, loss_cause=None, doubt=None)

    def reconnected(self, *, email: str, display_name: str) -> "Account":
        """The same account after a new sign-in: same id and choices, a new grant."""
        return replace(
            self,
            status=AccountStatus.ACTIVE,
            loss_cause=None,
            email=email,
            display_name=display_name,
            grant_version=self.grant_version + 1,
            unserved_since=None,
            doubt=None,
        )


@dataclass(kw_only=True, eq=False)
class AccountNotFound(DomainError):
    """This expert has no account with this id."""


@dataclass(kw_only=True, eq=False)
class ProviderNotAvailable(DomainError):
    """The service isn't configured for accounts of this provider."""

    provider: Provider
