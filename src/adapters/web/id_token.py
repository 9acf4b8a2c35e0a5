"""What an id token says, once it is proven (OpenID Connect Core 1.0, section 3.1.3.7)."""

import hmac
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt

from adapters.web.clock_check import LEEWAY
from adapters.web.outside_text import id_from
from adapters.web.signing_keys import SigningKey, SigningKeys
from application.ports.clock import Clock
from domain.access import ClockDiffers
from domain.account import AccountKind, Identity

_CLAIMS = ("iss", "aud", "exp", "iat", "nonce")

Claims = Mapping[str, Any]
Issuers = Callable[[Claims, SigningKey], Awaitable[Collection[str]]]
"""Those that may have issued a token with these claims, signed with this key."""


class IdTokenInvalid(Exception):
    """The token proves nothing. Carries no text: a token's claims are personal data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenPerson:
    """Who a proven token speaks of."""

    identity: Identity
    kind: AccountKind
    email: str = field(repr=False)
    display_name: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTokenVerifier:
    """`identity_claims` are the claims that tell who signed in. `issuers` may raise what `verify` does."""

    client_id: str
    identity_claims: tuple[str, ...]
    issuers: Issuers
    keys: SigningKeys
    clock: Clock

    async def verify(self, token: str, *, nonce: str) -> Claims:
        """The claims of a token that was issued to us, for this very sign-in; those of the identity are clean ids.

        `nonce` is the flow's own as the token has to repeat it. Raises IdTokenInvalid, ClockDiffers,
        ProviderUnavailable, ProviderMisconfigured.
        """
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise IdTokenInvalid from None
        key = await self.keys.find(str(header.get("kid")))
        if key is None:
            raise IdTokenInvalid
        claims = self._signed_claims(token, key.key)
        for name in self.identity_claims:
            _text(claims, name)
        if _text(claims, "iss") not in await self.issuers(claims, key):
            raise IdTokenInvalid
        if not hmac.compare_digest(_text(claims, "nonce").encode(), nonce.encode()):
            raise IdTokenInvalid
        _require_current(claims, self.clock.now())
        return claims

    def _signed_claims(self, token: str, key: jwt.PyJWK) -> Claims:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self.client_id,
                # The times are checked against our own clock, and the issuer may depend on other claims.
                options={
                    "require": [*_CLAIMS, *self.identity_claims],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "strict_aud": True,
                },
            )
        except jwt.PyJWTError:
            raise IdTokenInvalid from None


def _require_current(claims: Claims, now: datetime) -> None:
    """Of a token that is proven to be the answer to a sign-in of this very moment: one issued at another has come from
    another clock.

    Raises IdTokenInvalid, ClockDiffers.
    """
    moment, leeway = now.timestamp(), LEEWAY.total_seconds()
    expires, issued, valid_from = claims["exp"], claims["iat"], claims.get("nbf", 0)
    if not all(isinstance(at, int | float) for at in (expires, issued, valid_from)):
        raise IdTokenInvalid
    if expires <= moment - leeway or issued > moment + leeway or valid_from > moment + leeway:
        ahead = max(issued, valid_from) - moment
        raise ClockDiffers(by=timedelta(seconds=ahead)) if abs(ahead) > leeway else IdTokenInvalid


def _text(claims: Claims, name: str) -> str:
    if (value := id_from(claims[name])) is None:
        raise IdTokenInvalid
    return value
