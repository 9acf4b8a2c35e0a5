"""Cursors of the feed of changes, valid only for the feed they were issued for.

They carry the feed's history: a cursor from before the feed was restarted has expired, and is not taken for a damaged
one.
"""

import struct
from typing import Final

from domain.change import FeedPosition
from domain.ids import ExpertId
from server.rpc.faults import CursorInvalid
from server.rpc.opaque import OpaqueText, OpaqueTextInvalid

POSITION: Final = struct.Struct(">QQQ")
"""The history, the transaction and the number; PostgreSQL's own are of 64 bits."""
TEXT: Final = OpaqueText(digest_size=8, padded=True)


def cursor(feed: ExpertId | None, position: FeedPosition) -> str:
    """The place in the feed of one expert, or of all."""
    packed = POSITION.pack(position.history, position.transaction, position.number)
    return TEXT.written(packed, bound_to=_name(feed))


def position_of(feed: ExpertId | None, text: str) -> FeedPosition:
    """The place in a cursor that `cursor` gave for the same feed. Raises CursorInvalid."""
    try:
        return FeedPosition(*POSITION.unpack(TEXT.read(text, bound_to=_name(feed))))
    except (OpaqueTextInvalid, struct.error) as exc:
        raise CursorInvalid from exc


def _name(feed: ExpertId | None) -> bytes:
    # No expert's id is empty, so an empty one stands for all.
    return (feed or "").encode()
