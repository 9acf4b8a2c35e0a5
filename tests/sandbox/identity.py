"""What tests of the identity platform share: signing in, and reading its refusals."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from sandbox import Sandbox
from sandbox.identity.shortcut import authorize_as
from tests.sandbox.client import SCOPES, Http, Reply, authorization_url, exchange


def redirect(sandbox: Sandbox, person: str = "anna", scope: str = SCOPES, **changes: str) -> str:
    return authorize_as(sandbox.world, authorization_url(sandbox, scope=scope, **changes), person).url


async def tokens(sandbox: Sandbox, http: Http, person: str = "anna") -> dict[str, Any]:
    reply = await exchange(http, sandbox, redirect(sandbox, person))
    assert reply.status == 200
    found: dict[str, Any] = reply.json
    return found


def refusal(reply: Reply) -> tuple[int, str, list[int]]:
    assert re.match(rf"AADSTS{reply.json['error_codes'][0]}: ", reply.json["error_description"])
    return reply.status, reply.json["error"], reply.json["error_codes"]


async def keys(http: Http, sandbox: Sandbox) -> jwt.PyJWKSet:
    configuration = await http.request("GET", f"{sandbox.authority}/v2.0/.well-known/openid-configuration")
    return jwt.PyJWKSet.from_dict((await http.request("GET", configuration.json["jwks_uri"])).json)


def self_signed(key: rsa.RSAPrivateKey) -> bytes:
    """A certificate for a key, as PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    now = datetime.now(UTC)
    dated = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return dated.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
