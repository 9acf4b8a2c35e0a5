"""The public keys a provider signs with: kept while they last, and fetched anew as soon as one of them is unknown."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt

from application.ports.clock import Clock
from domain.access import ProviderUnavailable

LIFETIME = timedelta(hours=24)
"""How long keys are kept at most, and where the provider names no life of theirs."""
COOLDOWN = timedelta(seconds=60)
"""Keys are fetched at most this often for the sake of an unknown key id or of a short life, so that forged tokens can't
make us flood the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A public key, and the issuer it signs for where the key set says so, which Microsoft's does."""

    key: jwt.PyJWK
    issuer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedKeys:
    """A JSON Web Key Set (RFC 7517), and how long it may be kept if the answer said so."""

    document: Mapping[str, Any]
    lifetime: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    by_id: dict[str, SigningKey]
    asked_at: datetime
    until: datetime


@dataclass(kw_only=True)
class SigningKeys:
    """`fetch` raises ProviderUnavailable, ProviderMisconfigured."""

    fetch: Callable[[], Awaitable[PublishedKeys]]
    clock: Clock
    _kept: _Kept | None = None
    _asked_at: datetime | None = None
    """When the keys were last asked for, with or without success."""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def find(self, key_id: str) -> SigningKey | None:
        """The key with this id if the provider has one.

        Raises ProviderUnavailable, ProviderMisconfigured.
        """
        async with self._lock:
            kept, now = self._kept, self.clock.now()
            if kept is None or now > kept.until or (key_id not in kept.by_id and self._may_ask_again(now)):
                kept = await self._fetched(now)
            elif key_id not in kept.by_id and kept.asked_at != self._asked_at:
                # It may be one of those that could not be fetched a moment ago.
                raise ProviderUnavailable
            return kept.by_id.get(key_id)

    def _may_ask_again(self, now: datetime) -> bool:
        return self._asked_at is None or now - self._asked_at > COOLDOWN

    async def _fetched(self, now: datetime) -> _Kept:
        self._asked_at = now
        published = await self.fetch()
        listed = published.document.get("keys")
        by_id = dict(filter(None, map(_signing_key, listed if isinstance(listed, list) else [])))
        if not by_id:
            raise ProviderUnavailable
        lifetime = LIFETIME if published.lifetime is None else published.lifetime
        self._kept = _Kept(by_id=by_id, asked_at=now, until=now + min(max(lifetime, COOLDOWN), LIFETIME))
        return self._kept


def _signing_key(listed: object) -> tuple[str, SigningKey] | None:
    """None for what is no RSA key for signatures; providers list others too."""
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
