"""What bearer tokens look like: `calsync_` + the credential's id, which is no secret, + `_` + the secret."""

import hashlib
import re
from typing import Final, NamedTuple

from domain.caller import TokenDigest

TOKEN: Final = re.compile(r"calsync_([0-9a-f]{12})_[A-Za-z0-9_-]{43}", re.ASCII)
"""Told from other secrets at a glance, by people and by those who search repositories for secrets."""


class Token(NamedTuple):
    """`text` is the secret; the other two may be kept."""

    text: str
    credential_id: str
    digest: TokenDigest


def credential_id_from(random: str) -> str:
    return hashlib.sha256(random.encode()).hexdigest()[:12]


def token_of(credential_id: str, secret: str) -> Token:
    """`secret` is 43 URL-safe characters."""
    text = f"calsync_{credential_id}_{secret}"
    return Token(text, credential_id, digest_of(text))


def read_token(text: str) -> Token | None:
    """None for what is no token of ours, whatever it is."""
    match = TOKEN.fullmatch(text)
    return None if match is None else Token(text, match[1], digest_of(text))


def digest_of(text: str) -> TokenDigest:
    return TokenDigest(hashlib.sha256(text.encode()).digest())
