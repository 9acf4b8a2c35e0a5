"""Who signed in, proven by the id token. MSAL checks neither its signature nor its claims."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt

from adapters.graph.settings import PERSONAL_TENANT
from adapters.web.clock_check import LEEWAY
from adapters.web.outside_text import address_from, id_from, name_from
from adapters.web.signing_keys import KeyRing
from application.ports.clock import Clock
from domain.access import ClockDiffers
from domain.account import AccountKind, Identity, Provider

"""The tenant of all personal Microsoft accounts (Microsoft's id token claims reference)."""

_CLAIMS = ["iss", "aud", "exp", "iat", "nonce", "oid", "tid"]


class IdTokenInvalid(Exception):
    """The token proves nothing. Carries no text: a token's claims are personal data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenPerson:
    identity: Identity
    kind: AccountKind
    email: str = field(repr=False)
    display_name: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTokenVerifier:
    client_id: str
    keys: KeyRing
    clock: Clock

    async def verify(self, token: str, *, nonce: str) -> ProvenPerson:
        """Who the token speaks of. `nonce` is the flow's own, which MSAL sends as its SHA-256 in hexadecimal.

        Raises IdTokenInvalid, ClockDiffers, ProviderUnavailable, ProviderMisconfigured.
        """
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise IdTokenInvalid from None
        issuer, key = await self.keys.find(str(header.get("kid")))
        if key is None:
            raise IdTokenInvalid
        claims = self._signed_claims(token, key.key)
        tenant = _text(claims, "tid")
        for template in (issuer, key.issuer):
            if template is not None and _text(claims, "iss") != template.replace("{tenantid}", tenant):
                raise IdTokenInvalid
        expected = hashlib.sha256(nonce.encode()).hexdigest()
        if not hmac.compare_digest(_text(claims, "nonce").encode(), expected.encode()):
            raise IdTokenInvalid
        _require_current(claims, self.clock.now())
        return _person(claims, tenant)

    def _signed_claims(self, token: str, key: jwt.PyJWK) -> Mapping[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self.client_id,
                # The times are checked against our own clock, the issuer against the token's tenant.
                options={
                    "require": _CLAIMS,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "strict_aud": True,
                },
            )
        except jwt.PyJWTError:
            raise IdTokenInvalid from None


def _require_current(claims: Mapping[str, Any], now: datetime) -> None:
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


def _person(claims: Mapping[str, Any], tenant: str) -> ProvenPerson:
    email = address_from(claims.get("email")) or address_from(claims.get("preferred_username"))
    return ProvenPerson(
        identity=Identity(provider=Provider.MICROSOFT, tenant_id=tenant, object_id=_text(claims, "oid")),
        kind=AccountKind.PERSONAL if tenant == PERSONAL_TENANT else AccountKind.WORK,
        email=email,
        display_name=name_from(claims.get("name")) or email,
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    if (value := id_from(claims[name])) is None:
        raise IdTokenInvalid
    return value
