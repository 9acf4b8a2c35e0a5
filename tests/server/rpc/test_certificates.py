"""Certificates that are replaced while the server runs."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from cryptography import x509

from calendarsync.v1.expert_service_pb2 import GetExpertRequest
from server.alarms import GRPC_CERTIFICATE, OperatorAlarms
from server.rpc.certificates import (
    CertificateFiles,
    Certificates,
    CertificatesUnusable,
    open_certificates,
)
from server.rpc.server import Door
from tests.builders import EXPERT
from tests.server.served import Api, Logs, World, failure_of, served
from tests.support.callers import Authority
from tests.support.service import until

OFTEN = timedelta(milliseconds=20)


@asynccontextmanager
async def _secure(world: World, files: CertificateFiles, authority: Authority) -> AsyncIterator[Api]:
    """A server that looks at its files all the time, and a client of it."""
    async with (
        open_certificates(files, world.container.alarms(), look_every=OFTEN) as certificates,
        served(world, door=Door(certificates=certificates)) as api,
        grpc.aio.secure_channel(f"localhost:{api.server.port}", authority.client()) as channel,
    ):
        yield Api(world=world, server=api.server, channel=channel)


async def test_a_new_certificate_is_shown_to_new_connections_and_old_ones_go_on(
    world: World, tmp_path: Path
) -> None:
    authority = Authority()
    files = authority.write(tmp_path, common_name="first")
    async with _secure(world, files, authority) as api:
        await api.put_expert()
        assert await _shown(api) == "first"

        authority.write(tmp_path, common_name="second")

        assert await until(lambda: _shown(api), lambda name: name == "second")
        answer = await api.experts.GetExpert(GetExpertRequest(expert_id=EXPERT))
        assert answer.expert.expert_id == EXPERT
    assert not world.container.alarms().raised


async def test_a_broken_pair_keeps_the_old_one_and_raises_the_alarm_until_it_is_whole(
    world: World, tmp_path: Path, logs: Logs
) -> None:
    authority = Authority()
    files = authority.write(tmp_path, common_name="first")
    async with _secure(world, files, authority) as api:
        authority.write(tmp_path, common_name="second")
        key = files.private_key.read_bytes()
        await until(lambda: _shown(api), lambda name: name == "second")
        files.private_key.write_bytes(Authority().write(_folder(tmp_path)).private_key.read_bytes())

        (line,) = await logs.until("the certificate of the gRPC side needs attention; the one in use stays")

        assert line["why"] == "the private key is not the certificate's"
        assert GRPC_CERTIFICATE in world.container.alarms().raised
        assert await _shown(api) == "second"
        assert (await failure_of(api.experts.GetExpert(GetExpertRequest(expert_id="x")))).reason
        files.private_key.write_bytes(key)
        await logs.until("the certificate of the gRPC side is all right again")
        assert GRPC_CERTIFICATE not in world.container.alarms().raised
    assert "PRIVATE KEY" not in logs.text


async def test_clients_are_held_to_a_new_authority_of_theirs(world: World, tmp_path: Path) -> None:
    old, new = Authority(), Authority()
    files = old.write(tmp_path, of_clients=True)
    mine, theirs = old.client("one.internal"), old.client("one.internal", issuer=new)
    async with (
        open_certificates(files, OperatorAlarms(), look_every=OFTEN) as certificates,
        served(world, door=Door(certificates=certificates)) as api,
    ):
        address = f"localhost:{api.server.port}"
        assert [await _gets_in(address, one) for one in (mine, theirs)] == [True, False]
        assert files.client_ca is not None

        files.client_ca.write_bytes(new.pem)

        assert await until(lambda: _gets_in(address, theirs), bool)
        assert not await _gets_in(address, mine)


async def test_tls_before_1_2_is_not_spoken(world: World, tmp_path: Path) -> None:
    authority = Authority()
    async with _secure(world, authority.write(tmp_path, common_name="mine"), authority) as api:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.to_thread(_handshake, api.server.port, ssl.TLSVersion.TLSv1_1)
        assert await asyncio.to_thread(_handshake, api.server.port, ssl.TLSVersion.TLSv1_2) == "mine"


def test_one_that_ends_soon_is_told_in_time(tmp_path: Path) -> None:
    """A tenth of its life before: by then whoever renews certificates should have done it."""
    ends = datetime.now(UTC) + timedelta(days=1)

    fresh = Authority().write(tmp_path, not_before=ends - timedelta(days=5), not_after=ends)
    assert Certificates(fresh).look() is None
    old = Authority().write(tmp_path, not_before=ends - timedelta(days=20), not_after=ends)
    assert Certificates(old).look() == "the certificate ends soon, and has not been renewed"


@pytest.mark.parametrize(
    ("broken", "content", "said"),
    [
        ("chain", b"", "the certificate's file must hold certificates as PEM"),
        ("chain", b"\xff\xfe", "the certificate's file must hold certificates as PEM"),
        (
            "private_key",
            b"-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n",
            "must hold one as PEM",
        ),
        ("client_ca", b"hunter2", "the file of the clients' authority must hold certificates as PEM"),
    ],
)
def test_files_of_no_use_are_told_without_what_is_in_them(
    tmp_path: Path, broken: str, content: bytes, said: str
) -> None:
    files = Authority().write(tmp_path, of_clients=True)
    getattr(files, broken).write_bytes(content)

    with pytest.raises(CertificatesUnusable, match=said) as refused:
        Certificates(files)

    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None
    getattr(files, broken).unlink()
    with pytest.raises(CertificatesUnusable, match="can't be read"):
        Certificates(files)


def _folder(parent: Path) -> Path:
    (parent / "other").mkdir()
    return parent / "other"


async def _shown(api: Api) -> str:
    """The name in the certificate that a new connection is shown."""
    return await asyncio.to_thread(_handshake, api.server.port, None)


def _handshake(port: int, version: ssl.TLSVersion | None) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    if version is not None:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain) as secure:
        der: Any = secure.getpeercert(binary_form=True)
    names = x509.load_der_x509_certificate(der).subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return "".join(str(name.value) for name in names)


async def _gets_in(address: str, credentials: grpc.ChannelCredentials) -> bool:
    async with grpc.aio.secure_channel(address, credentials) as channel:
        call: Any = channel.unary_unary("/calendarsync.v1.ExpertService/GetExpert")
        try:
            await call(GetExpertRequest(expert_id="x").SerializeToString(), timeout=10)
        except grpc.aio.AioRpcError as error:
            return error.code() is grpc.StatusCode.NOT_FOUND
    return True
