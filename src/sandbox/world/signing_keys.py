"""The keys that sign id tokens, and their public halves as clients fetch them."""

import base64
import hashlib
import json
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


@cache
def _key(number: int) -> rsa.RSAPrivateKey:
    # Kept for the life of the process: a key takes a while to generate, and a reset must not cost that.
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _key_id(number: int) -> str:
    modulus = str(_key(number).public_key().public_numbers().n).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(modulus).digest()[:20]).decode().rstrip("=")


class SigningKeys:
    """One signing key at a time; after a rotation the old one is no longer published, but the next ones may be."""

    def __init__(self, *, first: int = 0, published: int = 1) -> None:
        self._number = first
        self._published = published

    def rotate(self) -> None:
        """Sign with a new key from now on."""
        self._number += 1

    def key_set(self) -> dict[str, Any]:
        """The JSON web key set with the present key, and those that follow if they are published beforehand."""
        return {"keys": [_public(number) for number in range(self._number, self._number + self._published)]}

    def sign(self, claims: dict[str, Any], *, valid: bool = True, key_id: str | None = None) -> str:
        """A signed id token; with `valid` off the signature is that of other content. `key_id` names another key."""
        token = self._sign(claims, key_id)
        return (
            token
            if valid
            else token.rpartition(".")[0] + "." + self._sign(claims | {"iat": 0}, key_id).rpartition(".")[2]
        )

    def _sign(self, claims: dict[str, Any], key_id: str | None) -> str:
        named = key_id or _key_id(self._number)
        return jwt.encode(claims, _key(self._number), "RS256", headers={"kid": named})


def _public(number: int) -> dict[str, Any]:
    key: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(_key(number).public_key()))
    return key | {"kid": _key_id(number), "use": "sig", "alg": "RS256"}
