"""What the adapter is told, and the credential it shows."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from adapters.graph.settings import ClientCertificate, MicrosoftSettings
from domain.access import ProviderMisconfigured
from sandbox import Sandbox
from tests.support.microsoft import connected_to


def _certificate() -> ClientCertificate:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "calendarsync")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private_key = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return ClientCertificate(private_key=private_key.decode(), certificate=certificate.decode())


async def test_a_certificate_serves_instead_of_a_secret(sandbox: Sandbox) -> None:
    certificate = _certificate()
    sandbox.world.app.certificates.append(certificate.certificate.encode())
    async with connected_to(sandbox, credential=certificate) as connected:
        await connected.microsoft.directory.check_access(await connected.connect("anna"))


async def test_a_certificate_that_is_not_registered_is_ours_to_mend(sandbox: Sandbox) -> None:
    async with connected_to(sandbox, credential=_certificate()) as connected:
        with pytest.raises(ProviderMisconfigured) as caught:
            await connected.sign_in("anna")
        assert caught.value.code == "invalid_client AADSTS700027"


def test_refuses_a_certificate_that_cannot_be_read() -> None:
    good = _certificate()
    with pytest.raises(ValueError, match="PEM"):
        ClientCertificate(private_key="no key", certificate=good.certificate)
    with pytest.raises(ValueError, match="PEM"):
        ClientCertificate(private_key=good.private_key, certificate=good.private_key)


def test_the_credential_is_not_printed() -> None:
    certificate = _certificate()
    for credential in ("s3cret", certificate):
        printed = repr(MicrosoftSettings(client_id="app", credential=credential))
        assert "s3cret" not in printed
        assert "PRIVATE" not in printed
    assert "PRIVATE" not in repr(certificate)


@pytest.mark.parametrize(
    ("authority", "tenant"),
    [
        ("https://login.microsoftonline.com/common", "organizations"),
        ("https://login.microsoftonline.com/common/", "organizations"),
        ("https://login.microsoftonline.com/consumers", "organizations"),
        ("https://login.microsoftonline.com/organizations", "organizations"),
        ("https://login.microsoftonline.us/contoso.example.com", "contoso.example.com"),
    ],
)
def test_approval_is_asked_of_the_authoritys_tenant(authority: str, tenant: str) -> None:
    settings = MicrosoftSettings(client_id="app", credential="secret", authority=authority)
    assert settings.consenting_tenant == tenant
    assert settings.authority_host == authority[: authority.index("/", 8)]
