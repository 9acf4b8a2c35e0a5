"""What a provider can answer instead of what was asked: each class calls for another reaction."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from domain.errors import DomainError
from domain.ids import AccountId


class LossCause(Enum):
    """Why an account's access is gone, as far as the provider says."""

    SIGN_IN_REQUIRED = "SIGN_IN_REQUIRED"
    """The person must sign in again: consent withdrawn, password changed, a second factor asked for."""
    ORGANISATION_DISALLOWS = "ORGANISATION_DISALLOWS"
    """The person's organisation doesn't let us in: its administrator must allow it."""
    ACCOUNT_CLOSED = "ACCOUNT_CLOSED"
    """The account, or its whole organisation, is switched off or no longer there."""
    MAILBOX_NOT_SERVED = "MAILBOX_NOT_SERVED"
    """The sign-in stands, and the account stays ACTIVE, but its mailbox is gone, and has been for long."""


@dataclass(kw_only=True, eq=False)
class AccessRefused(DomainError):
    """The provider refused what lets this account in, and did nothing of what was asked. `grant_version` is the grant
    that it was refused under.

    `refusal` is the provider's code, the same for everybody who is refused for the same reason.
    """

    account_id: AccountId
    grant_version: int
    refusal: str = ""


@dataclass(kw_only=True, eq=False)
class AccessLost(AccessRefused):
    """Evidence that this account lets us in no more.

    `by_refusals`: the provider gave no proof, but went on refusing.
    """

    cause: LossCause = LossCause.SIGN_IN_REQUIRED
    by_refusals: bool = False


@dataclass(kw_only=True, eq=False)
class AccessDoubted(AccessRefused):
    """At times the provider refuses working accounts, too: by itself it proves nothing.

    `retry_after`: before that another refusal says no more than this one.
    """

    retry_after: timedelta | None = None

    def until(self, again_at: datetime, now: datetime) -> "AccessDoubted":
        """The same, with the time at which another says more."""
        return replace(self, retry_after=again_at - now)

    def confirmed(self) -> AccessLost:
        """Of an account that was refused often enough."""
        return AccessLost(
            account_id=self.account_id,
            grant_version=self.grant_version,
            refusal=self.refusal,
            by_refusals=True,
        )


@dataclass(kw_only=True, eq=False)
class ProviderUnavailable(DomainError):
    """Not now: an outage, a time-out, throttling. Says nothing about the person's consent.

    `retry_after` is the provider's own wish, when it named one. `throttled`: too many requests of ours.
    `outcome_unknown`: what was asked may have been done all the same.
    """

    retry_after: timedelta | None = None
    throttled: bool = False
    outcome_unknown: bool = False


@dataclass(kw_only=True, eq=False)
class ProviderMisconfigured(DomainError):
    """Our own registration is refused, an expired client secret for instance: an operator must act, no expert can."""

    code: str = ""


@dataclass(kw_only=True, eq=False)
class ClockDiffers(DomainError):
    """Our clock and the provider's are too far apart to believe what it dates: an operator must act, no expert can.

    `by` is positive when the provider's is ahead.
    """

    by: timedelta


@dataclass(kw_only=True, eq=False)
class InvalidAnswer(DomainError):
    """The provider's answer is not what its contract says: nothing may be concluded from it."""

    what: str


@dataclass(kw_only=True, eq=False)
class AccessDenied(DomainError):
    """The provider refuses this one thing (403) though the sign-in stands.

    `missing_permissions` are those that the grant lacks and that such things take where they are somebody else's.
    """

    missing_permissions: tuple[str, ...] = ()


@dataclass(kw_only=True, eq=False)
class MailboxFull(DomainError):
    """The mailbox takes nothing more until its owner makes room; it can still be read, and events be removed."""


@dataclass(kw_only=True, eq=False)
class MailboxSuspended(DomainError):
    """The provider has suspended the account: its owner must follow what the provider told them."""


@dataclass(kw_only=True, eq=False)
class CalendarGone(DomainError):
    """The provider no longer knows the calendar, or no longer shows it to us."""


@dataclass(kw_only=True, eq=False)
class EventMissing(DomainError):
    """There is no such event at this address, says the provider: a suspicion, until a complete look confirms it."""


@dataclass(kw_only=True, eq=False)
class EventDeleted(DomainError):
    """There was an event under this mark, and it is deleted: the provider makes no other one under it."""


@dataclass(kw_only=True, eq=False)
class WriteRefused(DomainError):
    """The provider will never accept this event as it is; `code` is the provider's error code."""

    code: str
