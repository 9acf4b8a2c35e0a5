"""Callers with credentials, and a server that wants them, over real TLS."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from application.callers.add_credential import AddCredential
from application.callers.known_callers import KnownCallers
from application.callers.revoke_credential import RevokeCredential
from domain.caller import CertificateName, Scope
from server.rpc.bounds import Bounds
from server.rpc.callers.limits import CallerLimits
from server.rpc.certificates import CertificateFiles, open_certificates
from server.rpc.server import Door
from server.runtime.id_source import RandomIds
from tests.fakes.callers import FakeCredentials
from tests.server.served import Api, World, served

NO_AGE = Bounds(connection_age=None)


@dataclass(frozen=True, kw_only=True)
class Authority:
    """Issues certificates for servers and clients."""

    ca: trustme.CA = field(default_factory=trustme.CA)

    @property
    def pem(self) -> bytes:
        return self.ca.cert_pem.bytes()

    def write(self, folder: Path, *, of_clients: bool = False, **how: Any) -> CertificateFiles:
        """A new certificate of the server, in the files it is read from."""
        issued = self.ca.issue_cert("localhost", "127.0.0.1", **how)
        files = CertificateFiles(
            chain=folder / "server.pem",
            private_key=folder / "server.key",
            client_ca=folder / "clients.pem" if of_clients else None,
        )
        files.chain.write_bytes(b"".join(one.bytes() for one in issued.cert_chain_pems))
        files.private_key.write_bytes(issued.private_key_pem.bytes())
        if files.client_ca is not None:
            files.client_ca.write_bytes(self.pem)
        return files

    def client(self, *names: str, issuer: "Authority | None" = None) -> grpc.ChannelCredentials:
        """Credentials of a client that trusts this authority; with names, it has a certificate of `issuer`'s, too."""
        if not names:
            return grpc.ssl_channel_credentials(self.pem)
        issued = (issuer or self).ca.issue_cert(*names)
        chain = b"".join(one.bytes() for one in issued.cert_chain_pems)
        return grpc.ssl_channel_credentials(self.pem, issued.private_key_pem.bytes(), chain)

    def client_named(self, subject: str, *, uris: Sequence[str] = ()) -> grpc.ChannelCredentials:
        """A client whose certificate has a subject such as `CN=booking,O=Example`, and URIs."""
        key = ec.generate_private_key(ec.SECP256R1())
        name, now = x509.Name.from_rfc4514_string(subject), datetime.now(UTC)
        issuer = x509.load_pem_x509_certificate(self.pem)
        builder = (
            x509.CertificateBuilder(issuer.subject, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
        )
        if uris:
            names = [x509.UniformResourceIdentifier(one) for one in uris]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        signer: Any = load_pem_private_key(self.ca.private_key_pem.bytes(), password=None)
        chain = builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM)
        own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return grpc.ssl_channel_credentials(self.pem, own, chain)


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """A served world that wants credentials."""

    world: World
    port: int
    credentials: FakeCredentials
    known: KnownCallers
    authority: Authority

    async def token(self, name: str, *scopes: Scope, limits_times: int = 1) -> str:
        """Of a new credential, which the server knows already."""
        add = AddCredential(credentials=self.credentials, clock=self.world.clock, ids=RandomIds())
        added = await add(name, scopes or tuple(Scope), limits_times=limits_times)
        await self.known.refresh()
        assert added.token is not None
        return added.token

    async def certify(self, name: str, certificate: str, *scopes: Scope) -> None:
        add = AddCredential(credentials=self.credentials, clock=self.world.clock, ids=RandomIds())
        await add(name, scopes or tuple(Scope), certificate=CertificateName.parse(certificate))
        await self.known.refresh()

    async def revoke(self, token: str) -> None:
        await RevokeCredential(credentials=self.credentials, clock=self.world.clock)(token[8:20])
        await self.known.refresh()

    @asynccontextmanager
    async def channel(
        self, token: str | None = None, *, credentials: grpc.ChannelCredentials | None = None
    ) -> AsyncIterator[grpc.aio.Channel]:
        """With a token, each call brings it, as a client library does it."""
        channel_credentials = credentials or self.authority.client()
        if token is not None:
            channel_credentials = grpc.composite_channel_credentials(
                channel_credentials, grpc.access_token_call_credentials(token)
            )
        async with grpc.aio.secure_channel(f"localhost:{self.port}", channel_credentials) as channel:
            yield channel


@asynccontextmanager
async def guarded(
    world: World,
    folder: Path,
    *,
    of_clients: bool = False,
    limits: CallerLimits | None = None,
    bounds: Bounds = NO_AGE,
    reflection: bool = True,
) -> AsyncIterator[Guarded]:
    authority, credentials = Authority(), FakeCredentials()
    known = KnownCallers(credentials=credentials, clock=world.clock)
    await known.refresh()
    files = authority.write(folder, of_clients=of_clients)
    async with open_certificates(files, world.container.alarms()) as opened:
        door = Door(
            known=known,
            certificates=opened,
            limits=limits or CallerLimits(),
            bounds=bounds,
            reflection=reflection,
        )
        async with served(world, door=door) as api:
            yield Guarded(
                world=world,
                port=api.server.port,
                credentials=credentials,
                known=known,
                authority=authority,
            )


def api_on(world: World, channel: grpc.aio.Channel) -> Api:
    """The client of a channel; its server is somebody else's to stop."""
    return Api(world=world, server=None, channel=channel)  # type: ignore[arg-type]
