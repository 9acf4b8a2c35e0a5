"""The keys Microsoft signs id tokens with, as its discovery document names them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import jwt

from application.ports.clock import Clock
from domain.access import ProviderUnavailable

LIFETIME = timedelta(hours=24)
COOLDOWN = timedelta(seconds=60)
"""An unknown key id fetches the keys again at most this often, so that forged tokens can't make us flood Microsoft."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A public key, and the issuer it signs for where the key set says so (`{tenantid}` stands for any tenant)."""

    key: jwt.PyJWK
    issuer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeys:
    """One fetch: the issuer template of the discovery document and the keys by their ids."""

    issuer: str
    by_id: dict[str, SigningKey]
    fetched_at: datetime


class Documents(Protocol):
    """Where the documents of the identity platform come from."""

    async def discovery(self) -> Mapping[str, Any]: ...

    async def fetch_json(self, url: str) -> Mapping[str, Any]: ...


@dataclass(kw_only=True)
class KeyRing:
    """Keeps the keys for a day and follows a rollover at once."""

    documents: Documents
    clock: Clock
    _keys: SigningKeys | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def find(self, key_id: str) -> tuple[str, SigningKey | None]:
        """The issuer template, and the key with this id if Microsoft has one.

        Raises ProviderUnavailable, ProviderMisconfigured.
        """
        async with self._lock:
            keys = self._keys
            age = self.clock.now() - keys.fetched_at if keys else None
            if keys is None or age is None or age > LIFETIME or (key_id not in keys.by_id and age > COOLDOWN):
                keys = self._keys = await self._fetch()
            return keys.issuer, keys.by_id.get(key_id)

    async def _fetch(self) -> SigningKeys:
        discovery = await self.documents.discovery()
        issuer, address = discovery.get("issuer"), discovery.get("jwks_uri")
        if not isinstance(issuer, str) or not isinstance(address, str) or not address.startswith("https://"):
            raise ProviderUnavailable
        document = await self.documents.fetch_json(address)
        listed = document.get("keys")
        by_id = dict(filter(None, map(_signing_key, listed if isinstance(listed, list) else [])))
        if not by_id:
            raise ProviderUnavailable
        return SigningKeys(issuer=issuer, by_id=by_id, fetched_at=self.clock.now())


def _signing_key(listed: object) -> tuple[str, SigningKey] | None:
    """None for what is no RSA key for signatures; Microsoft lists others too."""
    if not isinstance(listed, dict) or listed.get("kty") != "RSA" or listed.get("use", "sig") != "sig":
        return None
    key_id, issuer = listed.get("kid"), listed.get("issuer")
    if not isinstance(key_id, str):
        return None
    try:
        key = jwt.PyJWK(listed, algorithm="RS256")
    except jwt.PyJWTError:
        return None
    return key_id, SigningKey(key=key, issuer=issuer if isinstance(issuer, str) else None)
