"""Page tokens: opaque, and good for the query they were given for only.

A token is a position and a digest that binds it to its query. There is no secret in it: a position holds nothing but
what the page itself told, and with a made-up one a caller reads nothing they could not ask for openly. So replicas
need to agree on nothing, and no key has to be kept.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence

from google.protobuf.message import Message

from server.rpc.faults import PageTokenInvalid

DEFAULT_PAGE_SIZE = 50
DIGEST_SIZE = 16
NOT_OF_THE_QUERY = ("page_token", "page_size", "refresh")
"""Fields that may differ from page to page."""

Position = Sequence[str | int]


def page_size(asked: int) -> int:
    return asked or DEFAULT_PAGE_SIZE


def page_token(request: Message, position: Position) -> str:
    """The token for what follows `position` in the answer to `request`."""
    text = json.dumps(list(position), separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_digest(request, text) + text).rstrip(b"=").decode()


def position_of(request: Message, token: str) -> list[str | int]:
    """The position in a token that `page_token` gave for the same query. Raises PageTokenInvalid."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as exc:
        raise PageTokenInvalid from exc
    digest, text = raw[:DIGEST_SIZE], raw[DIGEST_SIZE:]
    if digest != _digest(request, text) or page_token(request, position := json.loads(text)) != token:
        raise PageTokenInvalid
    return [one for one in position if isinstance(one, str | int)]


def _digest(request: Message, text: bytes) -> bytes:
    query = type(request)()
    query.CopyFrom(request)
    for name in NOT_OF_THE_QUERY:
        if name in query.DESCRIPTOR.fields_by_name:
            query.ClearField(name)
    binding = hashlib.sha256(query.DESCRIPTOR.full_name.encode() + b"\0")
    binding.update(query.SerializeToString(deterministic=True) + b"\0" + text)
    return binding.digest()[:DIGEST_SIZE]
