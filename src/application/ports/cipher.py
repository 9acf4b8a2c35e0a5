"""Encryption of what must not be readable at rest: grants, addresses, session details."""

from typing import Protocol


class SealBroken(Exception):
    """What was sealed was changed, cut, moved to another context, or was never sealed."""


class UnknownKey(Exception):
    """What was sealed needs a key that this process was not given."""


class Cipher(Protocol):
    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        """Encrypt for one place, such as `account/ID/grant`: only there can it be opened. No two results are equal."""
        ...

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """What was sealed for this very context. Raises SealBroken, UnknownKey."""
        ...
