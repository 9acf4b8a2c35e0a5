"""Signing an expert in at Google: authorization-code flow with PKCE, identity from the id token."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass, field

from yarl import URL

from adapters.google.capabilities import for_calendars, require_capabilities
from adapters.google.grants import first_grant
from adapters.google.id_token import ISSUER, GoogleIdTokens
from adapters.google.settings import SCOPE_PREFIX, GoogleSettings
from adapters.google.token_endpoint import TokenEndpoint, TokenRequestRefused
from adapters.google.token_errors import TokenFault, TokenRefusal
from adapters.web.id_token import IdTokenInvalid
from application.ports.clock import Clock
from application.ports.sign_in import RedirectAnswer, SignedIn, StartedSignIn
from domain.access import ProviderMisconfigured, ProviderUnavailable
from domain.account import Identity
from domain.connection import BlockedByOrganisation, SignInCancelled, SignInRefused
from domain.errors import DomainError

_IDENTITY_SCOPES = ("openid", "email")
"""Enough for who it is and for the address to show. Names would take a scope more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flow:
    """What is to be remembered of a sign-in until its redirect."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str
    scopes: tuple[str, ...]

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self)).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleSignIn:
    settings: GoogleSettings
    endpoint: TokenEndpoint
    verifier: GoogleIdTokens
    clock: Clock

    async def begin(
        self,
        *,
        redirect_uri: str,
        login_hint: str = "",
        reconnects: Identity | None = None,
        consent_afresh: bool = False,
        also: tuple[str, ...] = (),
    ) -> StartedSignIn:
        """Consent is asked for every time: only then is there sure to be a refresh token.

        Whoever reconnects is named by the `sub`, which stays when their address changes.
        """
        flow = _Flow(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            redirect_uri=redirect_uri,
            scopes=tuple(dict.fromkeys((*self.settings.scopes, *map(_uri, also)))),
        )
        hint = reconnects.object_id if reconnects else login_hint
        return StartedSignIn(
            authorization_url=self._authorization_url(flow, hint), state=flow.state, flow=flow.to_bytes()
        )

    async def redeem(self, flow: bytes, answer: RedirectAnswer) -> SignedIn:
        started = _flow_from(flow)
        if not hmac.compare_digest(answer.state.encode(), started.state.encode()):
            raise SignInRefused
        if answer.iss not in {"", ISSUER}:
            raise SignInRefused
        if answer.error:
            raise _redirect_error(TokenRefusal(error=answer.error))
        if not answer.code:
            raise SignInRefused
        asked_at = self.clock.now()
        try:
            issued = await self.endpoint.exchange(
                code=answer.code, redirect_uri=started.redirect_uri, verifier=started.verifier
            )
            person = await self.verifier.verify(issued.id_token, nonce=started.nonce)
        except TokenRequestRefused as exc:
            raise _ended(exc.refusal) from exc
        except IdTokenInvalid as exc:
            raise SignInRefused from exc
        granted = started.scopes if issued.scopes is None else for_calendars(issued.scopes)
        require_capabilities(granted, asked=started.scopes)
        if not issued.refresh_token:
            raise SignInRefused
        return SignedIn(
            identity=person.identity,
            kind=person.kind,
            email=person.email,
            display_name=person.display_name,
            grant=first_grant(issued, person, granted, asked_at),
        )

    def _authorization_url(self, flow: _Flow, hint: str) -> str:
        """Without `include_granted_scopes`: what our project was granted before would come along with every token."""
        challenge = hashlib.sha256(flow.verifier.encode()).digest()
        query = {
            "client_id": self.settings.client_id,
            "redirect_uri": flow.redirect_uri,
            "response_type": "code",
            "scope": " ".join((*_IDENTITY_SCOPES, *flow.scopes)),
            "access_type": "offline",
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
            # People have several accounts, and the browser knows only which one it used last.
            "prompt": "consent" if hint else "select_account consent",
        }
        if hint:
            query["login_hint"] = hint
        return str(URL(self.settings.authorization_url).update_query(query))


def _flow_from(flow: bytes) -> _Flow:
    members = json.loads(flow)
    return _Flow(**members | {"scopes": tuple(members["scopes"])})


def _uri(scope: str) -> str:
    return scope if scope.startswith(SCOPE_PREFIX) else f"{SCOPE_PREFIX}{scope}"


def _redirect_error(refusal: TokenRefusal) -> DomainError:
    """Most refusals end on a page of Google's own, and the attempt merely expires."""
    if refusal.error.casefold() == "access_denied":
        return SignInCancelled()
    return _ended(refusal)


def _ended(refusal: TokenRefusal) -> DomainError:
    """A refusal during a sign-in: nothing is connected yet, so a code that is not accepted merely ends the attempt."""
    if refusal.fault is TokenFault.TRANSIENT:
        return ProviderUnavailable()
    if refusal.fault is TokenFault.ORGANISATION:
        return BlockedByOrganisation(code=refusal.code)
    # A malformed code, which anybody can put into a redirect, may be answered with invalid_request.
    if refusal.fault is TokenFault.OURS and refusal.error.casefold() != "invalid_request":
        return ProviderMisconfigured(code=refusal.code)
    return SignInRefused()
