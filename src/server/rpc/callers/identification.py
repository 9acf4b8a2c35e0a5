"""Finds out who calls: by the token in the call's authorization, or by the certificate of its connection."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from application.callers.known_callers import CredentialsInvalid, Identity, KnownCallers
from domain.caller import LOCAL, Caller, CertificateName, NameKind
from server.rpc.calls import Context
from server.rpc.faults import CredentialsMissing

BEARER: Final = re.compile(r"bearer ([!-~]{1,100})", re.ASCII | re.IGNORECASE)
"""The scheme is written in any case (RFC 9110, 11.1). What is longer than a token of ours is not looked into."""
NAMES_IN_CERTIFICATE: Final = (
    ("peer_uri", NameKind.URI),
    ("peer_dns", NameKind.DNS),
    ("x509_subject", NameKind.SUBJECT),
)
"""Under which the transport tells them, in the order in which they count where a caller is known by several."""
MOST_SEEN: Final = 4_000
"""Headers, and certificates, that are kept in mind until the next look at the credentials."""
MOST_NAMES: Final = 20
"""Of a certificate, that are looked up."""


class Identification(Protocol):
    def identify(self, authorization: Sequence[object], context: Context) -> Identity:
        """Raises CredentialsMissing, CredentialsInvalid, StoreUnavailable."""
        ...


class Unidentified:
    """Whoever calls is one and the same, and may do everything."""

    def __init__(self, caller: Caller = LOCAL) -> None:
        self._identity = Identity(caller=caller, credential_id="", limits_times=1)

    def identify(self, authorization: Sequence[object], context: Context) -> Identity:
        return self._identity


class Identified:
    """By credentials. `certificates` says that each connection has shown a certificate of our authority.

    What was found good is found again by the digest of the header, in less time. Nobody can tell from that how near
    they came, since a digest can't be chosen.
    """

    def __init__(self, known: KnownCallers, *, certificates: bool) -> None:
        self._known = known
        self._certificates = certificates
        self._state: object = None
        self._by_header: dict[bytes, Identity] = {}
        self._by_names: dict[tuple[tuple[bytes, ...], ...], Identity | None] = {}

    def identify(self, authorization: Sequence[object], context: Context) -> Identity:
        if self._state is not self._known.state or max(len(self._by_header), len(self._by_names)) > MOST_SEEN:
            self._state, self._by_header, self._by_names = self._known.state, {}, {}
        certified = self._by_certificate(context.auth_context()) if self._certificates else None
        if not authorization:
            if certified is None:
                raise CredentialsMissing
            return certified
        identity = self._by_token(authorization)
        if certified is not None and certified.caller.name != identity.caller.name:
            raise CredentialsInvalid  # somebody else's token: stolen, or the certificate is
        return identity

    def _by_token(self, authorization: Sequence[object]) -> Identity:
        """Two headers are as bad as none: which of them counts would be anybody's guess."""
        (header, *others) = authorization
        if others or not isinstance(header, str):
            raise CredentialsInvalid
        digest = hashlib.sha256(header.encode(errors="replace")).digest()
        identity = self._by_header.get(digest)
        if identity is None:
            match = BEARER.fullmatch(header)
            if match is None:
                raise CredentialsInvalid
            identity = self._by_header[digest] = self._known.by_token(match[1])
        return identity

    def _by_certificate(self, connection: Mapping[str, Iterable[bytes]]) -> Identity | None:
        names = tuple(tuple(connection.get(key, ())) for key, _ in NAMES_IN_CERTIFICATE)
        if names not in self._by_names:
            self._by_names[names] = self._known.by_certificate(names_in(names))
        return self._by_names[names]


def names_in(connection: Sequence[Sequence[bytes]]) -> Iterator[CertificateName]:
    """What the transport says of the certificate of a connection, which it has verified; by kind, as above."""
    told = [
        (kind, name)
        for (_, kind), names in zip(NAMES_IN_CERTIFICATE, connection, strict=True)
        for name in names
    ]
    for kind, name in told[:MOST_NAMES]:
        text = name.decode("utf-8", errors="replace")
        yield CertificateName(kind, text.lower() if kind is NameKind.DNS else text)
