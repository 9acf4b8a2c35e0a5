"""Signing an expert in at Microsoft: authorization-code flow with PKCE through MSAL, identity from the id token."""

import hmac
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from adapters.graph.id_token import MicrosoftIdTokens
from adapters.graph.settings import REQUIRED_SCOPES, MicrosoftSettings
from adapters.graph.token_errors import ADMIN_NUMBERS, DEVICE_NUMBERS, TokenFault, TokenRefusal
from adapters.graph.token_service import (
    AnswerUnusable,
    Flow,
    TokenRequestRefused,
    TokenService,
    flow_from_bytes,
    flow_to_bytes,
)
from adapters.web.id_token import IdTokenInvalid
from application.ports.sign_in import RedirectAnswer, SignedIn, StartedSignIn
from domain.access import ProviderMisconfigured, ProviderUnavailable
from domain.account import Identity
from domain.connection import (
    AdminApprovalRequired,
    BlockedByOrganisation,
    SignInCancelled,
    SignInRefused,
)
from domain.errors import DomainError
from domain.grant import Grant
from domain.permissions import PermissionsMissing, require_permissions

_RESERVED_SCOPES = frozenset({"openid", "profile", "offline_access", "email"})
_AADSTS = re.compile(r"AADSTS(\d{1,10})(?!\d)")
_CONSENT_MISSING = 65001
_CONSENT_DECLINED = 65004
_CONSENT_HINTS = frozenset({"admin_consent_required", "consent_required"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrosoftSignIn:
    settings: MicrosoftSettings
    tokens: TokenService
    verifier: MicrosoftIdTokens

    async def begin(
        self,
        *,
        redirect_uri: str,
        login_hint: str = "",
        reconnects: Identity | None = None,
        consent_afresh: bool = False,
        also: tuple[str, ...] = (),
    ) -> StartedSignIn:
        flow = await self.tokens.begin(
            redirect_uri=redirect_uri,
            prompt="consent" if consent_afresh else "select_account",
            login_hint=login_hint,
            also=also,
        )
        return StartedSignIn(
            authorization_url=flow["auth_uri"], state=flow["state"], flow=flow_to_bytes(flow)
        )

    async def redeem(self, flow: bytes, answer: RedirectAnswer) -> SignedIn:
        started = flow_from_bytes(flow)
        if not hmac.compare_digest(answer.state.encode(), str(started["state"]).encode()):
            raise SignInRefused
        if answer.error:
            raise self._redirect_error(started, answer)
        try:
            exchanged = await self.tokens.exchange(started, {"state": answer.state, "code": answer.code})
            person = await self.verifier.verify(exchanged.id_token, nonce=started["nonce"])
        except TokenRequestRefused as exc:
            raise self._exchange_error(started, exc.refusal) from exc
        except (AnswerUnusable, IdTokenInvalid) as exc:
            raise SignInRefused from exc
        granted = _asked(started) if exchanged.scopes is None else exchanged.scopes
        _require_everything(granted, refreshable=exchanged.refreshable)
        return SignedIn(
            identity=person.identity,
            kind=person.kind,
            email=person.email,
            display_name=person.display_name,
            grant=Grant(
                scopes=tuple(scope for scope in granted if scope.casefold() not in _RESERVED_SCOPES),
                secret=exchanged.cache,
            ),
        )

    def _redirect_error(self, flow: Flow, answer: RedirectAnswer) -> DomainError:
        """What an error redirect means (Microsoft's "OAuth 2.0 authorization code flow", error codes)."""
        error, subcode = answer.error.casefold(), answer.error_subcode.casefold()
        numbers = frozenset(int(number) for number in _AADSTS.findall(answer.error_description))
        denied = error == "access_denied"
        if _CONSENT_DECLINED in numbers or (denied and subcode == "cancel"):
            return SignInCancelled()
        wants_admin = error == "consent_required" or (denied and subcode in _CONSENT_HINTS)
        if wants_admin or numbers & ADMIN_NUMBERS or (denied and _CONSENT_MISSING in numbers):
            return self._admin_approval(flow)
        if denied and not numbers:
            return SignInCancelled()
        return _ended(TokenRefusal(error=answer.error, numbers=numbers))

    def _exchange_error(self, flow: Flow, refusal: TokenRefusal) -> DomainError:
        if refusal.needs_administrator or refusal.suberror == "consent_required":
            return self._admin_approval(flow)
        return _ended(refusal)

    def _admin_approval(self, flow: Flow) -> AdminApprovalRequired:
        """With the page where an administrator of any organisation can approve the app for all its people."""
        query = urlencode(
            {
                "client_id": self.settings.client_id,
                "scope": " ".join(_asked(flow)),
                "redirect_uri": flow["redirect_uri"],
            }
        )
        page = f"{self.settings.authority_host}/{self.settings.consenting_tenant}/v2.0/adminconsent"
        return AdminApprovalRequired(admin_consent_url=f"{page}?{query}")


def _asked(flow: Flow) -> tuple[str, ...]:
    """The permissions that a sign-in asks for, without those of the sign-in itself."""
    return tuple(sorted(scope for scope in flow["scope"] if scope.casefold() not in _RESERVED_SCOPES))


def _ended(refusal: TokenRefusal) -> DomainError:
    """A refusal during a sign-in: nothing is connected yet, so a code that is not accepted merely ends the attempt."""
    if refusal.fault is TokenFault.TRANSIENT:
        return ProviderUnavailable()
    if refusal.fault in {TokenFault.ORGANISATION, TokenFault.CLOSED} or refusal.numbers & DEVICE_NUMBERS:
        return BlockedByOrganisation(
            code=" ".join(f"AADSTS{number}" for number in sorted(refusal.numbers)[:3])
        )
    # A malformed code, which anybody can put into a redirect, is answered with invalid_request.
    if refusal.fault is TokenFault.OURS and refusal.error.casefold() != "invalid_request":
        return ProviderMisconfigured(code=refusal.code)
    return SignInRefused()


def _require_everything(granted: tuple[str, ...], *, refreshable: bool) -> None:
    """Raises PermissionsMissing naming all that is missing, the lasting access included."""
    missing: tuple[str, ...] = () if refreshable else ("offline_access",)
    try:
        require_permissions(granted, REQUIRED_SCOPES)
    except PermissionsMissing as exc:
        raise PermissionsMissing(missing=exc.missing + missing) from exc
    if missing:
        raise PermissionsMissing(missing=missing)
