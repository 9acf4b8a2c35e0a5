"""Cursors of the feed of changes: opaque, and good for the feed they were given for only.

They carry the feed's history, so that one from before it started anew is told from one that is damaged: it has expired.

As with page tokens there is no secret in them, and no key to keep: a position says nothing of anybody, and every caller
may watch everything.
"""

import base64
import binascii
import hashlib
import struct
from typing import Final

from domain.change import FeedPosition
from domain.ids import ExpertId
from server.rpc.faults import CursorInvalid

POSITION: Final = struct.Struct(">QQQ")
"""The history, the transaction and the number; PostgreSQL's own are of 64 bits."""
DIGEST_SIZE: Final = 8


def cursor(feed: ExpertId | None, position: FeedPosition) -> str:
    """The place in the feed of one expert, or of all."""
    packed = POSITION.pack(position.history, position.transaction, position.number)
    return base64.urlsafe_b64encode(_digest(feed, packed) + packed).decode()


def position_of(feed: ExpertId | None, text: str) -> FeedPosition:
    """The place in a cursor that `cursor` gave for the same feed. Raises CursorInvalid."""
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as exc:
        raise CursorInvalid from exc
    digest, packed = raw[:DIGEST_SIZE], raw[DIGEST_SIZE:]
    if len(packed) != POSITION.size or digest != _digest(feed, packed):
        raise CursorInvalid
    return FeedPosition(*POSITION.unpack(packed))


def _digest(feed: ExpertId | None, packed: bytes) -> bytes:
    # No expert's id is empty, so an empty one stands for all.
    return hashlib.sha256((feed or "").encode() + b"\0" + packed).digest()[:DIGEST_SIZE]
