"""Grants of Google's: a refresh token that stays the same for as long as it lives, and the newest access token."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.google.capabilities import for_calendars, lacking
from adapters.google.token_endpoint import IssuedTokens, TokenEndpoint, TokenRequestRefused
from adapters.google.token_errors import TokenFault, TokenRefusal
from adapters.web.access_tokens import AccessToken, RefreshRefused
from adapters.web.id_token import ProvenPerson
from application.ports.clock import Clock
from domain.access import InvalidAnswer, LossCause, ProviderMisconfigured, ProviderUnavailable
from domain.grant import Grant

_TOO_FEW_SCOPES = "insufficient_scope"
"""What RFC 6750 calls a token that is good for less than what was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Secret:
    """What a stored secret holds. `refreshable_until` is None where access was not granted for a time only."""

    refresh_token: str = field(repr=False)
    sub: str = field(repr=False)
    email: str = field(repr=False)
    access_token: str = field(repr=False)
    expires_at: datetime
    refreshable_until: datetime | None

    def to_bytes(self) -> bytes:
        members: dict[str, Any] = {
            "refresh_token": self.refresh_token,
            "sub": self.sub,
            "email": self.email,
            "access_token": self.access_token,
            "expires_at": self.expires_at.timestamp(),
        }
        if self.refreshable_until is not None:
            members["refreshable_until"] = self.refreshable_until.timestamp()
        return json.dumps(members).encode()


def first_grant(
    issued: IssuedTokens, person: ProvenPerson, scopes: tuple[str, ...], asked_at: datetime
) -> Grant:
    """The grant of a sign-in whose tokens were asked for then."""
    secret = _Secret(
        refresh_token=issued.refresh_token,
        sub=person.identity.object_id,
        email=person.email,
        access_token=issued.access_token,
        expires_at=asked_at + issued.lasts,
        refreshable_until=_end(asked_at, issued.refreshable_for),
    )
    return Grant(scopes=scopes, secret=secret.to_bytes())


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleGrants:
    endpoint: TokenEndpoint
    clock: Clock

    def access_token(self, grant: Grant) -> AccessToken:
        secret = _secret_of(grant)
        return AccessToken(
            value=secret.access_token,
            mailbox=secret.sub,
            username=secret.email,
            scopes=grant.scopes,
            expires_at=secret.expires_at,
        )

    async def refresh(self, grant: Grant, claims: str | None) -> Grant:
        """Google demands no claims. Where it grants less than before, and not enough any more, the person must be asked
        again, since only a consent page can bring the rest."""
        secret = _secret_of(grant)
        asked_at = self.clock.now()
        try:
            issued = await self.endpoint.refresh(secret.refresh_token)
        except TokenRequestRefused as exc:
            raise _refused(exc.refusal) from exc
        scopes = for_calendars(issued.scopes) if issued.scopes else grant.scopes
        if lacking(scopes):
            raise RefreshRefused(
                means=LossCause.SIGN_IN_REQUIRED, outcome=_TOO_FEW_SCOPES, code=_TOO_FEW_SCOPES
            )
        renewed = replace(
            secret,
            # An answer names it only where it is another one.
            refresh_token=issued.refresh_token or secret.refresh_token,
            access_token=issued.access_token,
            expires_at=asked_at + issued.lasts,
            refreshable_until=_end(asked_at, issued.refreshable_for) or secret.refreshable_until,
        )
        return Grant(scopes=scopes, secret=renewed.to_bytes())

    async def give_back(self, grant: Grant) -> None:
        """Ends all that the person has granted our project, within a minute or so. Raises ProviderUnavailable,
        InvalidAnswer."""
        try:
            await self.endpoint.revoke(_secret_of(grant).refresh_token)
        except TokenRequestRefused as exc:
            raise InvalidAnswer(what="a refusal to take a grant back") from exc


def _secret_of(grant: Grant) -> _Secret:
    members: dict[str, Any] = json.loads(grant.secret)
    until = members.get("refreshable_until")
    return _Secret(
        refresh_token=members["refresh_token"],
        sub=members["sub"],
        email=members["email"],
        access_token=members["access_token"],
        expires_at=datetime.fromtimestamp(members["expires_at"], UTC),
        refreshable_until=None if until is None else datetime.fromtimestamp(until, UTC),
    )


def _end(begins: datetime, lasts: timedelta | None) -> datetime | None:
    return None if lasts is None else begins + lasts


def _refused(refusal: TokenRefusal) -> RefreshRefused:
    return RefreshRefused(means=_meaning(refusal), outcome=refusal.fault.name.lower(), code=refusal.code)


def _meaning(refusal: TokenRefusal) -> LossCause | ProviderMisconfigured | ProviderUnavailable:
    match refusal.fault:
        case TokenFault.SIGN_IN_AGAIN:
            return LossCause.SIGN_IN_REQUIRED
        case TokenFault.ORGANISATION:
            return LossCause.ORGANISATION_DISALLOWS
        case TokenFault.OURS:
            return ProviderMisconfigured(code=refusal.code)
        case TokenFault.TRANSIENT | TokenFault.UNKNOWN:
            return ProviderUnavailable()
