"""A sign-in under way, and every way it can end without an account."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.account import Account, Identity, Provider
from domain.errors import DomainError
from domain.ids import AccountId, ExpertId

ATTEMPT_LIFETIME = timedelta(minutes=10)


@dataclass(kw_only=True, eq=False)
class ConnectionAttemptNotFound(DomainError):
    """The state is unknown, used up, or belongs to another expert."""


@dataclass(kw_only=True, eq=False)
class ConnectionAttemptExpired(DomainError):
    """More than ten minutes have passed since the sign-in was started."""


@dataclass(kw_only=True, eq=False)
class SignInCancelled(DomainError):
    """The person went back instead of consenting, or could not get past a page that asks for an administrator."""


@dataclass(kw_only=True, eq=False)
class AdminApprovalRequired(DomainError):
    """The person's organisation lets only an administrator consent."""

    admin_consent_url: str


@dataclass(kw_only=True, eq=False)
class BlockedByOrganisation(DomainError):
    """The person's organisation doesn't let them use the service: their administrator must allow it.

    `code` is the provider's own, for the administrator; empty when it named none.
    """

    code: str = ""


@dataclass(kw_only=True, eq=False)
class SignInRefused(DomainError):
    """The provider refused the code, or what it answered proves nobody's identity; a new sign-in may work."""


@dataclass(kw_only=True, eq=False)
class SignInInterrupted(DomainError):
    """The provider, or our own database, stopped answering while a sign-in was being finished.

    It is used up, so that asking the same again is of no use; a new one may work.
    """


@dataclass(kw_only=True, eq=False)
class MailboxNotServed(DomainError):
    """The account has no mailbox in the provider's cloud: self-hosted, unlicensed or missing."""


@dataclass(kw_only=True, eq=False)
class AccountMismatch(DomainError):
    """A reconnect came back as somebody else; `meant` is the address of the account that was to be reconnected."""

    meant: str = field(default="", repr=False)


@dataclass(kw_only=True, eq=False)
class ReturnUrlNotAllowed(DomainError):
    """The URL is not on the allow-list."""

    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionAttempt:
    """One started sign-in; `flow` is what the sign-in adapter must be given back, and is secret.

    `state` is the unguessable value the provider hands back with the redirect.
    """

    state: str = field(repr=False)
    expert_id: ExpertId
    provider: Provider
    reconnects: AccountId | None
    return_url: str | None = field(repr=False)
    flow: bytes = field(repr=False)
    expires_at: datetime

    def require_alive(self, now: datetime) -> None:
        if now >= self.expires_at:
            raise ConnectionAttemptExpired


def require_same_person(account: Account, identity: Identity) -> None:
    """Raises AccountMismatch when a reconnect came back as another user of the provider."""
    if account.identity != identity:
        raise AccountMismatch(meant=account.email)
