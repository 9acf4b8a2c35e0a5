"""A cipher that anybody could read, but that keeps every rule of the port."""

import json
from itertools import count

from application.ports.cipher import SealBroken, UnknownKey

KEY = "fake"


class FakeCipher:
    """Seals into JSON with the context and a running number; `key` names the only key it opens."""

    def __init__(self, key: str = KEY) -> None:
        self._key = key
        self._number = count()

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        sealed = {"key": self._key, "number": next(self._number), "context": context, "text": plaintext.hex()}
        return json.dumps(sealed | {"sum": _sum(sealed)}).encode()

    def open(self, sealed: bytes, *, context: str) -> bytes:
        try:
            content = json.loads(sealed)
            total = content.pop("sum")
            intact = total == _sum(content) and content["context"] == context
        except (ValueError, LookupError, AttributeError, TypeError):
            raise SealBroken from None
        if not intact:
            raise SealBroken
        if content["key"] != self._key:
            raise UnknownKey
        return bytes.fromhex(content["text"])


def _sum(content: dict[str, object]) -> int:
    return hash(json.dumps(content, sort_keys=True))
