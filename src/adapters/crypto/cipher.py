"""Encryption at rest by AES-256-GCM in envelopes, under keys that can be exchanged.

Every value has a data key of its own, wrapped by a key of the ring, so no key of the ring ever sees much data
and a rotation only needs to touch the wrapping. What is sealed looks like this:

    version 1 | length of key id | key id | nonce 12 | wrapped data key 48 | nonce 12 | ciphertext | tag 16

Version, key id and the caller's context are authenticated with both ciphertexts.
"""

import base64
import binascii
import os
import re
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.crypto.weakness import weakness_of
from application.ports.cipher import SealBroken, UnknownKey

VERSION = b"\x01"
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
WRAPPED_BYTES = KEY_BYTES + TAG_BYTES
KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")


class KeysInvalid(ValueError):
    """The setting that names the keys can't be understood; the text says where, never what stands there."""


class KeyRing:
    """The keys by id. The first seals; all open. To exchange one, put a new one first."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        """Takes keys of 32 bytes, the first being the one that seals. Raises KeysInvalid."""
        if not keys:
            raise KeysInvalid("no key is given")
        for position, (key_id, key) in enumerate(keys.items(), start=1):
            if not KEY_ID.fullmatch(key_id):
                raise KeysInvalid(f"the id of key {position} is not 1 to 32 letters, digits, dots, dashes")
            if len(key) != KEY_BYTES:
                raise KeysInvalid(f"key {position} has not {KEY_BYTES} bytes")
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._primary = next(iter(keys))
        name = self._primary.encode()
        self.head = VERSION + bytes([len(name)]) + name
        """What everything begins with that is sealed now, and nothing that another key sealed."""

    @classmethod
    def parse(cls, setting: str, *, weak_ones_open: bool = False) -> Self:
        """Reads `id:base64,id2:base64`, the first being the one that seals. Raises KeysInvalid.

        Keys that were plainly not drawn at random are refused. With `weak_ones_open` those after the first may be
        such: what they sealed can only be saved by opening it once more.
        """
        keys: dict[str, bytes] = {}
        for position, entry in enumerate(setting.split(","), start=1):
            key_id, separator, encoded = entry.strip().partition(":")
            if not separator:
                raise KeysInvalid(f"key {position} is not written as id:base64")
            if key_id in keys:
                raise KeysInvalid(f"the id of key {position} was used before")
            keys[key_id] = _decode(encoded, position)
        ring = cls(keys)
        _require_different(list(keys.values()))
        _require_strong(list(keys.values())[: 1 if weak_ones_open else None])
        return ring

    @property
    def ids(self) -> tuple[str, ...]:
        """Of all keys, the one that seals first."""
        return tuple(self._keys)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(ids={list(self._keys)})"

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        """See the port. Adds 92 bytes and the length of the key's id."""
        head = self.head
        bound = head + context.encode()
        data_key = AESGCM.generate_key(bit_length=KEY_BYTES * 8)
        key_nonce, nonce = os.urandom(NONCE_BYTES), os.urandom(NONCE_BYTES)
        wrapped = self._keys[self._primary].encrypt(key_nonce, data_key, bound)
        return head + key_nonce + wrapped + nonce + AESGCM(data_key).encrypt(nonce, plaintext, bound)

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """See the port."""
        key_id = self.key_id(sealed)
        if key_id not in self._keys:
            raise UnknownKey
        head, body = _split(sealed, 2 + len(key_id))
        key_nonce, body = _split(body, NONCE_BYTES)
        wrapped, body = _split(body, WRAPPED_BYTES)
        nonce, ciphertext = _split(body, NONCE_BYTES)
        bound = head + context.encode()
        try:
            data_key = self._keys[key_id].decrypt(key_nonce, wrapped, bound)
            return AESGCM(data_key).decrypt(nonce, ciphertext, bound)
        except (InvalidTag, ValueError):
            raise SealBroken from None

    def key_id(self, sealed: bytes) -> str:
        """Which key it was sealed with, known or not. Raises SealBroken when it was not sealed at all."""
        length = sealed[1] if len(sealed) > 1 else 0
        name = sealed[2 : 2 + length].decode("ascii", errors="replace")
        if sealed[:1] != VERSION or len(name) != length or not KEY_ID.fullmatch(name):
            raise SealBroken
        return name


def _require_different(keys: list[bytes]) -> None:
    for position, key in enumerate(keys, start=1):
        if (first := keys.index(key) + 1) != position:
            raise KeysInvalid(f"key {position} is the same as key {first}")


def _require_strong(keys: list[bytes]) -> None:
    for position, key in enumerate(keys, start=1):
        if (weakness := weakness_of(key)) is not None:
            raise KeysInvalid(f"key {position} {weakness}; draw one with: openssl rand -base64 32")


def _split(data: bytes, length: int) -> tuple[bytes, bytes]:
    return data[:length], data[length:]


def _decode(encoded: str, position: int) -> bytes:
    """Either alphabet of base64, with or without padding."""
    text = encoded.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise KeysInvalid(f"key {position} is not base64") from None
