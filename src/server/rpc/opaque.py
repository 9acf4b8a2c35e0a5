"""Opaque text that callers return as they got it: page tokens, and cursors of the feed.

A digest in front of the content binds it to where it may be used. It holds no secret: it says nothing that its reader
doesn't know, and a forged one lets a caller read nothing they could not ask for openly. So replicas need to agree on
nothing, and no key has to be kept.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass


class OpaqueTextInvalid(ValueError):
    """The text is damaged, made up, or belongs elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpaqueText:
    """One kind of it, in URL-safe base64."""

    digest_size: int
    padded: bool

    def written(self, kept: bytes, *, bound_to: bytes) -> str:
        return self._encoded(_digest(kept, bound_to)[: self.digest_size] + kept)

    def read(self, text: str, *, bound_to: bytes) -> bytes:
        """What `written` was given with the same binding. Raises OpaqueTextInvalid.

        Decoders of base64 overlook spare bits, so that several texts stand for the same bytes; here only the one that
        was handed out is good.
        """
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as exc:
            raise OpaqueTextInvalid from exc
        digest, kept = raw[: self.digest_size], raw[self.digest_size :]
        if self._encoded(raw) != text or digest != _digest(kept, bound_to)[: self.digest_size]:
            raise OpaqueTextInvalid
        return kept

    def _encoded(self, raw: bytes) -> str:
        text = base64.urlsafe_b64encode(raw).decode()
        return text if self.padded else text.rstrip("=")


def _digest(kept: bytes, bound_to: bytes) -> bytes:
    return hashlib.sha256(bound_to + b"\0" + kept).digest()
