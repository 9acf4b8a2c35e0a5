"""A sign-in under way, and every way it can end without an account."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from domain.account import Account, Identity, Provider
from domain.errors import DomainError
from domain.ids import AccountId, ExpertId

ATTEMPT_LIFETIME = timedelta(minutes=10)
CONFIRMATION_LIFETIME = timedelta(minutes=10)
"""How long after the redirect a connection can be confirmed, and how long after that it can be asked for again."""


class Way(Enum):
    """How a sign-in was begun, which says where it is finished and who knows whose browser that is."""

    RETURN_URL = "return_url"
    """Comes back to the service, which sends the browser on to the caller's page."""
    REDIRECT_URI = "redirect_uri"
    """Comes back to the caller's own page."""
    RECONNECT_LINK = "reconnect_url"
    """By the link of an incident, for one account and nobody else's identity; comes back to the service."""
    NOWHERE = "nothing"
    """Comes back to the service, and ends there."""


class Confirming(Enum):
    """Which sign-ins are connected only once the caller has confirmed whose browser it was."""

    REQUIRED = "required"
    """All that come back to the service; one that nobody could confirm is not begun."""
    WITH_RETURN_URL = "with_return_url"
    """Those that go on to a page of the caller's; the others are connected at once."""
    OFF = "off"
    """None."""


@dataclass(kw_only=True, eq=False)
class SignInFailed(DomainError):
    """A sign-in that came back without an account. `provider` is where it was; None as long as only the adapter has
    seen it."""

    provider: Provider | None = None


@dataclass(kw_only=True, eq=False)
class ConnectionAttemptNotFound(DomainError):
    """The state is unknown, used up, or belongs to another expert."""


@dataclass(kw_only=True, eq=False)
class ConnectionAttemptExpired(DomainError):
    """More than ten minutes have passed since the sign-in was started."""


@dataclass(kw_only=True, eq=False)
class ConnectionAttemptOtherWay(DomainError):
    """The sign-in was begun another way, and only that way can it be finished."""

    begun: Way


@dataclass(kw_only=True, eq=False)
class DestinationRequired(DomainError):
    """The sign-in would end on no page of the caller's, so that nobody could confirm whose browser it was."""


@dataclass(kw_only=True, eq=False)
class SignInCancelled(SignInFailed):
    """The person went back instead of consenting, or could not get past a page that asks for an administrator."""


@dataclass(kw_only=True, eq=False)
class AdminApprovalRequired(SignInFailed):
    """The person's organisation lets only an administrator consent."""

    admin_consent_url: str


@dataclass(kw_only=True, eq=False)
class BlockedByOrganisation(SignInFailed):
    """The person's organisation doesn't let them use the service: their administrator must allow it.

    `code` is the provider's own, for the administrator; empty when it named none.
    """

    code: str = ""


@dataclass(kw_only=True, eq=False)
class SignInRefused(SignInFailed):
    """The provider refused the code, or what it answered proves nobody's identity; a new sign-in may work."""


@dataclass(kw_only=True, eq=False)
class SignInInterrupted(SignInFailed):
    """The provider, or our own database, stopped answering while a sign-in was being finished.

    It is used up, so that asking the same again is of no use; a new one may work.
    """


@dataclass(kw_only=True, eq=False)
class MailboxNotServed(SignInFailed):
    """The account has no mailbox in the provider's cloud: self-hosted, unlicensed or missing."""


@dataclass(kw_only=True, eq=False)
class AccountMismatch(SignInFailed):
    """A reconnect came back as somebody else; `meant` is the address of the account that was to be reconnected."""

    meant: str = field(default="", repr=False)


@dataclass(kw_only=True, eq=False)
class ReturnUrlNotAllowed(DomainError):
    """The URL is not on the allow-list."""

    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionAttempt:
    """One started sign-in; `flow` is what the sign-in adapter must be given back, and is secret.

    `state` is the unguessable value the provider hands back with the redirect. `way` is None where a process of the
    version before began it without saying how.
    """

    state: str = field(repr=False)
    expert_id: ExpertId
    provider: Provider
    reconnects: AccountId | None
    way: Way | None
    return_url: str | None = field(repr=False)
    flow: bytes = field(repr=False)
    expires_at: datetime

    def require_way(self, *, by_caller: bool) -> None:
        """Raises ConnectionAttemptOtherWay unless it is to be finished by the caller, or here."""
        if self.way is not None and by_caller is not (self.way is Way.REDIRECT_URI):
            raise ConnectionAttemptOtherWay(begun=self.way)

    def require_provider(self, came_from: Provider | None) -> None:
        """Raises ConnectionAttemptNotFound when it came back from another one; None where nobody can tell."""
        if came_from is not None and came_from is not self.provider:
            raise ConnectionAttemptNotFound

    def require_alive(self, now: datetime) -> None:
        if now >= self.expires_at:
            raise ConnectionAttemptExpired

    def must_be_confirmed(self, confirming: Confirming) -> bool:
        """Whether it is still open whose browser it was. Raises DestinationRequired if nobody could tell.

        The caller's own page has compared who is logged in there already. The link of an incident brings back an
        account that its expert had, for the very identity that it had: it ties no two together that weren't.
        """
        if self.way is Way.NOWHERE and confirming is Confirming.REQUIRED:
            raise DestinationRequired
        return self.way is Way.RETURN_URL and confirming is not Confirming.OFF


def require_same_person(account: Account, identity: Identity) -> None:
    """Raises AccountMismatch when a reconnect came back as another user of the provider."""
    if account.identity != identity:
        raise AccountMismatch(provider=account.identity.provider, meant=account.email)
