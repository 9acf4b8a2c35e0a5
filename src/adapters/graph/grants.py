"""Grants of Microsoft's: MSAL's token cache of one account, refreshed with the permissions that it has."""

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.graph.settings import REQUIRED_SCOPES, SHARED_SCOPES
from adapters.graph.token_cache import cached_access_token
from adapters.graph.token_errors import TokenFault, TokenRefusal
from adapters.graph.token_service import TokenRequestRefused, TokenService
from adapters.web.access_tokens import AccessToken, RefreshRefused
from domain.access import LossCause, ProviderMisconfigured, ProviderUnavailable
from domain.grant import Grant

LOSS_CAUSES: Mapping[TokenFault, LossCause] = {
    TokenFault.SIGN_IN_AGAIN: LossCause.SIGN_IN_REQUIRED,
    TokenFault.ORGANISATION: LossCause.ORGANISATION_DISALLOWS,
    TokenFault.CLOSED: LossCause.ACCOUNT_CLOSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrosoftGrants:
    service: TokenService

    def access_token(self, grant: Grant) -> AccessToken | None:
        return cached_access_token(grant.secret)

    async def refresh(self, grant: Grant, claims: str | None) -> Grant:
        """`claims` is Graph's claims challenge."""
        try:
            secret = await self.service.refresh(grant.secret, _scopes_to_ask(grant), claims)
        except TokenRequestRefused as exc:
            raise _refused(exc.refusal) from exc
        return Grant(scopes=grant.scopes, secret=secret)


def _scopes_to_ask(grant: Grant) -> tuple[str, ...]:
    """The granted ones of those we know, in our spelling; a refresh may ask for no more than was consented to."""
    granted = {scope.rsplit("/", 1)[-1].casefold() for scope in grant.scopes}
    known = (*REQUIRED_SCOPES, *SHARED_SCOPES)
    return tuple(scope for scope in known if scope.casefold() in granted) or REQUIRED_SCOPES


def _refused(refusal: TokenRefusal) -> RefreshRefused:
    return RefreshRefused(means=_meaning(refusal), outcome=refusal.fault.name.lower(), code=refusal.code)


def _meaning(refusal: TokenRefusal) -> LossCause | ProviderMisconfigured | ProviderUnavailable:
    match refusal.fault:
        case TokenFault.SIGN_IN_AGAIN | TokenFault.ORGANISATION | TokenFault.CLOSED:
            return LOSS_CAUSES[refusal.fault]
        case TokenFault.OURS:
            return ProviderMisconfigured(code=refusal.code)
        case TokenFault.TRANSIENT | TokenFault.UNKNOWN:
            return ProviderUnavailable()
