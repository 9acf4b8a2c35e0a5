"""Who signed in at Microsoft, proven by the id token. MSAL checks neither its signature nor its claims."""

import hashlib
from collections.abc import Mapping
from typing import Any, Protocol

from adapters.graph.settings import PERSONAL_TENANT
from adapters.web.id_token import Claims, IdTokenVerifier, ProvenPerson
from adapters.web.outside_text import address_from, name_from
from adapters.web.signing_keys import PublishedKeys, SigningKey, SigningKeys
from application.ports.clock import Clock
from domain.access import ProviderUnavailable
from domain.account import AccountKind, Identity, Provider

_OBJECT, _TENANT = "oid", "tid"
_ANY_TENANT = "{tenantid}"
"""Stands for the token's own tenant in an issuer (Microsoft's "Access tokens", validation of the issuer)."""


class Documents(Protocol):
    """Where the documents of the identity platform come from."""

    async def discovery(self) -> Mapping[str, Any]: ...

    async def fetch_json(self, url: str) -> Mapping[str, Any]: ...


class MicrosoftIdTokens:
    def __init__(self, *, client_id: str, documents: Documents, clock: Clock) -> None:
        self._documents = documents
        self._verifier = IdTokenVerifier(
            client_id=client_id,
            identity_claims=(_OBJECT, _TENANT),
            issuers=self._issuers,
            keys=SigningKeys(fetch=self._keys, clock=clock),
            clock=clock,
        )

    async def verify(self, token: str, *, nonce: str) -> ProvenPerson:
        """Who the token speaks of. `nonce` is the flow's own, which MSAL sends as its SHA-256 in hexadecimal.

        Raises IdTokenInvalid, ClockDiffers, ProviderUnavailable, ProviderMisconfigured.
        """
        hashed = hashlib.sha256(nonce.encode()).hexdigest()
        return _person(await self._verifier.verify(token, nonce=hashed))

    async def _issuers(self, claims: Claims, key: SigningKey) -> frozenset[str]:
        """The one that the discovery document names; none where the key signs for another."""
        template = (await self._documents.discovery()).get("issuer")
        if not isinstance(template, str):
            raise ProviderUnavailable
        issuer = template.replace(_ANY_TENANT, claims[_TENANT])
        signs_for = issuer if key.issuer is None else key.issuer.replace(_ANY_TENANT, claims[_TENANT])
        return frozenset({issuer}) & {signs_for}

    async def _keys(self) -> PublishedKeys:
        address = (await self._documents.discovery()).get("jwks_uri")
        if not isinstance(address, str) or not address.startswith("https://"):
            raise ProviderUnavailable
        return PublishedKeys(document=await self._documents.fetch_json(address))


def _person(claims: Claims) -> ProvenPerson:
    email = address_from(claims.get("email")) or address_from(claims.get("preferred_username"))
    tenant = claims[_TENANT]
    return ProvenPerson(
        identity=Identity(provider=Provider.MICROSOFT, tenant_id=tenant, object_id=claims[_OBJECT]),
        kind=AccountKind.PERSONAL if tenant == PERSONAL_TENANT else AccountKind.WORK,
        email=email,
        display_name=name_from(claims.get("name")) or email,
    )
