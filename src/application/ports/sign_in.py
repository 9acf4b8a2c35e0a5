"""Signing an expert in at the provider: authorization-code flow with PKCE."""

from dataclasses import dataclass, field
from typing import Protocol

from domain.account import AccountKind, Identity
from domain.grant import Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedSignIn:
    """Where to send the browser, the state that will come back, and what `redeem` needs then (secret)."""

    authorization_url: str = field(repr=False)
    state: str = field(repr=False)
    flow: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectAnswer:
    """The query parameters the provider's redirect brought; empty where absent."""

    state: str = field(repr=False)
    code: str = field(default="", repr=False)
    error: str = ""
    error_subcode: str = ""
    error_description: str = field(default="", repr=False)
    iss: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who signed in, as proven by the verified id token, and the grant that came with it."""

    identity: Identity
    kind: AccountKind
    email: str = field(repr=False)
    display_name: str = field(repr=False)
    grant: Grant


class SignIn(Protocol):
    async def begin(
        self,
        *,
        redirect_uri: str,
        login_hint: str = "",
        reconnects: Identity | None = None,
        consent_afresh: bool = False,
        also: tuple[str, ...] = (),
    ) -> StartedSignIn:
        """Start a sign-in that ends at `redirect_uri`.

        `login_hint` is the e-mail address of the account to reconnect, `reconnects` its identity, which stays when the
        address changes: whichever of them the provider can tell an account by. `consent_afresh` shows the consent page
        even when consent was given before. `also` are permissions to ask for beyond the usual ones, such as
        AccessDenied names; a sign-in that doesn't bring them is as good as any. Raises ProviderUnavailable,
        ProviderMisconfigured.
        """
        ...

    async def redeem(self, flow: bytes, answer: RedirectAnswer) -> SignedIn:
        """Finish the sign-in that `begin` started.

        Raises SignInCancelled, AdminApprovalRequired, BlockedByOrganisation, PermissionsMissing, SignInRefused (code
        refused, state or id token wrong), ClockDiffers, ProviderUnavailable, ProviderMisconfigured.
        """
        ...
