"""Page tokens: good for the query they were given for only."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

from google.protobuf.message import Message

from server.rpc.faults import PageTokenInvalid
from server.rpc.opaque import OpaqueText

DEFAULT_PAGE_SIZE = 50
MOST_ON_A_PAGE: Final = 200
NOT_OF_THE_QUERY = ("page_token", "page_size", "refresh")
"""Fields that may differ from page to page."""
LARGEST_NUMBER: Final = 2**31 - 1
TEXT: Final = OpaqueText(digest_size=16, padded=False)

Position = Sequence[str | int]
"""Where a page ended: times and ids, in printable ASCII, and numbers from zero."""
T = TypeVar("T")


def page_size(asked: int, *, usual: int = DEFAULT_PAGE_SIZE, most: int = MOST_ON_A_PAGE) -> int:
    """Who asks for more than a page may have gets as many as it may: clients need not know the number (AIP-158)."""
    return min(asked or usual, most)


def time_text(when: datetime) -> str:
    """As times stand in positions."""
    return when.astimezone(UTC).isoformat()


def time_in(text: str) -> datetime:
    """Raises ValueError or OverflowError for what `time_text` would not have written."""
    when = datetime.fromisoformat(text)
    if time_text(when) != text:
        raise ValueError
    return when


def page_token(request: Message, position: Position) -> str:
    """The token for what follows `position` in the answer to `request`."""
    return TEXT.written(_packed(position), bound_to=_query(request))


def position_of(request: Message, token: str, read: Callable[[Position], T]) -> T:
    """The place in a token that `page_token` gave for the same query, as `read` makes it from the position.

    Anybody can make a token whose digest is right. Raises PageTokenInvalid for whatever `page_token` would not have
    written, and where `read` raises ValueError or OverflowError.
    """
    try:
        kept = TEXT.read(token, bound_to=_query(request))
        position = json.loads(kept)
        if not isinstance(position, list) or not all(_may_be_told(one) for one in position):
            raise PageTokenInvalid
        if _packed(position) != kept:
            raise PageTokenInvalid
        return read(position)
    except (ValueError, OverflowError, RecursionError) as exc:
        raise PageTokenInvalid from exc


def _may_be_told(one: object) -> bool:
    if isinstance(one, str):
        return one.isascii() and one.isprintable()
    return type(one) is int and 0 <= one <= LARGEST_NUMBER


def _packed(position: Position) -> bytes:
    return json.dumps(list(position), separators=(",", ":")).encode()


def _query(request: Message) -> bytes:
    query = type(request)()
    query.CopyFrom(request)
    for name in NOT_OF_THE_QUERY:
        if name in query.DESCRIPTOR.fields_by_name:
            query.ClearField(name)
    return query.DESCRIPTOR.full_name.encode() + b"\0" + query.SerializeToString(deterministic=True)
