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
    """One signing key at a time; after a rotation the old one is no longer published."""

    def __init__(self) -> None:
        self._number = 0

    def rotate(self) -> None:
        """Sign with a new key from now on."""
        self._number += 1

    def key_set(self) -> dict[str, Any]:
        """The JSON web key set with the present key."""
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(_key(self._number).public_key()))
        return {"keys": [key | {"kid": _key_id(self._number), "use": "sig", "alg": "RS256"}]}

    def sign(self, claims: dict[str, Any], *, valid: bool = True) -> str:
        """A signed id token; with `valid` off the signature is that of other content."""
        token = self._sign(claims)
        return (
            token
            if valid
            else token.rpartition(".")[0] + "." + self._sign(claims | {"iat": 0}).rpartition(".")[2]
        )

    def _sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, _key(self._number), "RS256", headers={"kid": _key_id(self._number)})
