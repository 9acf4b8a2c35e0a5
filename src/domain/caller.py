"""Who calls the service, what they may do, and how they prove who they are."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from domain.errors import DomainError


class Scope(Enum):
    """What a caller may do. None of them includes another."""

    READ = "read"
    """Ask about experts whose ids the caller knows."""
    WRITE = "write"
    """Change something: experts, connections, settings, holds, sessions."""
    ADMIN = "admin"
    """What belongs to running the service, or reveals all that is held about an expert."""
    ERASE_EXPERTS = "erase-experts"
    """Delete experts with everything that belongs to them."""
    WATCH_ALL = "watch-all"
    """Follow the changes of all experts, and list them, their sessions, holds and incidents, beside READ; without it
    those of one at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A calling service, or whoever calls where nobody has to say who they are."""

    name: str
    scopes: frozenset[Scope]


LOCAL: Final = Caller(name="local", scopes=frozenset(Scope))
"""Whoever calls from this machine while callers are not identified."""
ANYONE: Final = Caller(name="anyone", scopes=frozenset(Scope))
"""Whoever calls from anywhere, where an operator wants it so."""
RESERVED: Final = frozenset({LOCAL.name, ANYONE.name, "worker", "browser"})
"""Names of those who act without a credential."""
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
"""Names stand in the log as they are."""
MOST_LIMITS_TIMES: Final = 1000


@dataclass(frozen=True, slots=True)
class TokenDigest:
    """SHA-256 of a bearer token, all that is kept of it.

    A plain digest is enough, since a token has 256 random bits: there is nothing to guess, with whatever patience. Slow
    or salted ones make up for what people choose, and would cost each call.
    """

    sha256: bytes


class NameKind(Enum):
    """The kinds of names in a client certificate by which a caller may be known."""

    URI = "URI"
    DNS = "DNS"
    SUBJECT = "SUBJECT"


@dataclass(frozen=True, slots=True)
class CertificateName:
    """A name in a client certificate that an authority of ours has issued."""

    kind: NameKind
    value: str

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.value}"

    @classmethod
    def parse(cls, text: str) -> "CertificateName":
        """Reads `URI:spiffe://example.com/booking`, `DNS:booking.internal` or `SUBJECT:CN=booking,O=Example`.

        Raises CredentialRefused.
        """
        kind, colon, value = text.partition(":")
        if (
            not colon
            or kind not in NameKind.__members__
            or not value.isprintable()
            or not 0 < len(value) <= 500
        ):
            raise CredentialRefused("a certificate is named as URI:..., DNS:... or SUBJECT:...")
        return cls(NameKind[kind], value.lower() if kind == NameKind.DNS.name else value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One proof of a caller's identity. A caller has several while they are rotated.

    `limits_times` is how many times the usual limits its caller may use; the largest of those that are valid counts.
    """

    credential_id: str
    caller: Caller
    proof: TokenDigest | CertificateName
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    limits_times: int = 1

    def valid_at(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class CredentialRefused(ValueError):
    """A credential can't be made like this; the text says what is wrong, for whoever makes it."""


class CredentialNotFound(DomainError):
    """No credential has this id."""


@dataclass(kw_only=True, eq=False)
class ScopeMissing(DomainError):
    """The caller is known, and may not do this."""

    scope: Scope


def require_caller(name: str, scopes: Collection[Scope]) -> Caller:
    """Raises CredentialRefused."""
    if not NAME.fullmatch(name):
        raise CredentialRefused("a caller's name has 1 to 63 of a-z, 0-9, dot, dash and underscore")
    if name in RESERVED:
        raise CredentialRefused(f"nobody can be called {name}: it stands for those without a credential")
    if not scopes:
        raise CredentialRefused("a credential needs at least one scope")
    if Scope.WATCH_ALL in scopes and Scope.READ not in scopes:
        raise CredentialRefused("watch-all is of no use without read")
    return Caller(name=name, scopes=frozenset(scopes))
