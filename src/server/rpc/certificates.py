"""The server's TLS: TLS 1.2 or newer, with certificates that are read again when their files change.

What the library calls a dynamic certificate configuration: it asks with each new connection whether there is another
one; connections that are open go on with theirs. It can't say that a pair of files is unusable, so they are looked
into here, before it gets them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import grpc
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from server.alarms import OperatorAlarms
from server.tasks import task_for_good

LOOK_EVERY: Final = timedelta(seconds=5)
LAST_PART: Final = 0.1
"""Of a certificate's life: by then it should have been renewed, and somebody has to look why it was not."""

ENDS_SOON: Final = "the certificate ends soon, and has not been renewed"


class CertificatesUnusable(Exception):
    """The files can't be read or don't belong together; the text says which, and nothing of what is in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFiles:
    """PEM. `chain` begins with the server's own certificate; with `client_ca`, each client has to show one that this
    authority has issued."""

    chain: Path
    private_key: Path
    client_ca: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    chain: bytes
    private_key: bytes
    client_ca: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Usable:
    content: _Content
    renew_at: datetime
    configuration: grpc.ServerCertificateConfiguration


class Certificates:
    """Kept up to date by `open_certificates`."""

    def __init__(self, files: CertificateFiles) -> None:
        """Raises CertificatesUnusable."""
        self._files = files
        self._usable = _usable(_read(files))

    @property
    def of_clients(self) -> bool:
        """Whether each client has to show a certificate."""
        return self._files.client_ca is not None

    def credentials(self) -> grpc.ServerCredentials:
        """For one listening address: each keeps in mind for itself what it got last."""
        given = self._usable

        def newer() -> grpc.ServerCertificateConfiguration | None:
            """Called by threads of the library."""
            nonlocal given
            if given is self._usable:
                return None
            given = self._usable
            return given.configuration

        return grpc.dynamic_ssl_server_credentials(
            given.configuration,
            newer,  # type: ignore[arg-type]  # the stubs don't know that None means: the same as before
            require_client_authentication=self.of_clients,
        )

    def look(self) -> str | None:
        """Take the files over where they have changed; what is wrong, if anything is. Unusable ones change nothing."""
        try:
            content = _read(self._files)
            if content != self._usable.content:
                self._usable = _usable(content)
        except CertificatesUnusable as unusable:
            return str(unusable)
        return ENDS_SOON if datetime.now(UTC) >= self._usable.renew_at else None


@asynccontextmanager
async def open_certificates(
    files: CertificateFiles, alarms: OperatorAlarms, *, look_every: timedelta = LOOK_EVERY
) -> AsyncIterator[Certificates]:
    """Raises CertificatesUnusable when they are of no use from the start."""
    certificates = await asyncio.to_thread(Certificates, files)
    async with task_for_good(_follow(certificates, alarms, look_every), name="certificates"):
        yield certificates


async def _follow(certificates: Certificates, alarms: OperatorAlarms, look_every: timedelta) -> None:
    """What is wrong twice in a row is told: in between, somebody may just have been replacing the files."""
    before: str | None = None
    while True:
        wrong = await asyncio.to_thread(certificates.look)
        if wrong is None:
            alarms.certificate_works()
        elif wrong == before:
            alarms.certificate_unusable(wrong)
        before = wrong
        await asyncio.sleep(look_every.total_seconds())


def _read(files: CertificateFiles) -> _Content:
    """Raises CertificatesUnusable."""
    try:
        return _Content(
            chain=files.chain.read_bytes(),
            private_key=files.private_key.read_bytes(),
            client_ca=files.client_ca.read_bytes() if files.client_ca is not None else None,
        )
    except OSError:
        raise CertificatesUnusable("one of the files can't be read") from None


def _usable(content: _Content) -> _Usable:
    """Raises CertificatesUnusable. No cause goes along: its text may repeat what is in a file."""
    own, *_ = _certificates(content.chain, "the certificate's file")
    if content.client_ca is not None:
        _certificates(content.client_ca, "the file of the clients' authority")
    try:
        key = load_pem_private_key(content.private_key, password=None).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CertificatesUnusable(
            "the private key's file must hold one as PEM, without a password"
        ) from None
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if key.public_bytes(*form) != own.public_key().public_bytes(*form):
        raise CertificatesUnusable("the private key is not the certificate's")
    ends = own.not_valid_after_utc
    return _Usable(
        content=content,
        renew_at=ends - LAST_PART * (ends - own.not_valid_before_utc),
        configuration=grpc.ssl_server_certificate_configuration(
            [(content.private_key, content.chain)], root_certificates=content.client_ca
        ),
    )


def _certificates(pem: bytes, what: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise CertificatesUnusable(f"{what} must hold certificates as PEM") from None
