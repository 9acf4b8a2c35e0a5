"""Keys that a provider might sign with, as it publishes them, and tokens signed with them."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key


@cache
def private_key(name: str) -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def published_key(name: str, **more: Any) -> dict[str, Any]:
    """The public half as a member of a JSON Web Key Set, under its name as the key id."""
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private_key(name).public_key()))
    return {**public, "kid": name, "use": "sig", "alg": "RS256", **more}


def signed(claims: Mapping[str, Any], key: str) -> str:
    return jwt.encode(dict(claims), private_key(key), "RS256", headers={"kid": key})
