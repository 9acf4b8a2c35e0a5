"""Who signed in at Google, proven by the id token."""

from collections.abc import Awaitable, Callable
from typing import Final

from adapters.web.id_token import Claims, IdTokenVerifier, ProvenPerson
from adapters.web.outside_text import address_from, name_from
from adapters.web.signing_keys import PublishedKeys, SigningKey, SigningKeys
from application.ports.clock import Clock
from domain.account import AccountKind, Identity, Provider

ISSUER: Final = "https://accounts.google.com"
_ISSUERS: Final = frozenset({ISSUER, "accounts.google.com"})
"""Both, says Google's "OpenID Connect" reference, and no other."""
_SUBJECT: Final = "sub"
_WORKSPACE: Final = "hd"


class GoogleIdTokens:
    def __init__(self, *, client_id: str, keys: Callable[[], Awaitable[PublishedKeys]], clock: Clock) -> None:
        self._verifier = IdTokenVerifier(
            client_id=client_id,
            identity_claims=(_SUBJECT,),
            issuers=_issuers,
            keys=SigningKeys(fetch=keys, clock=clock),
            clock=clock,
        )

    async def verify(self, token: str, *, nonce: str) -> ProvenPerson:
        """Who the token speaks of. `nonce` is the flow's own, which comes back as it was sent.

        Raises IdTokenInvalid, ClockDiffers, ProviderUnavailable.
        """
        return _person(await self._verifier.verify(token, nonce=nonce))


async def _issuers(claims: Claims, key: SigningKey) -> frozenset[str]:
    return _ISSUERS


def _person(claims: Claims) -> ProvenPerson:
    """By `sub` alone, which is never another's: addresses change hands, and so do a Workspace's domains."""
    email = address_from(claims.get("email"))
    return ProvenPerson(
        identity=Identity(provider=Provider.GOOGLE, tenant_id="", object_id=claims[_SUBJECT]),
        kind=AccountKind.WORK if claims.get(_WORKSPACE) else AccountKind.PERSONAL,
        email=email,
        display_name=name_from(claims.get("name")) or email,
    )
