"""The ids Graph hands out: opaque, case-sensitive, with a trailing equals sign, and found again when asked for."""

import base64
import hashlib
import re

_WELL_FORMED = re.compile(r"AAMk[A-Za-z0-9_-]{20,}=?\Z")


def calendar_id(*parts: str) -> str:
    """The id of a calendar, the same for the same parts in every run."""
    return _spell("AAMkAC", "calendar", *parts)


def event_id(*parts: str, immutable: bool = False) -> str:
    """The id of an event. The immutable spelling depends on other parts than the plain one: see `Events`."""
    return _spell("AAMkALgA" if immutable else "AAMkAGI2", "immutable" if immutable else "plain", *parts)


def change_key(*parts: str) -> str:
    """The opaque version of an item, which its @odata.etag wraps."""
    return base64.b64encode(_digest("change", *parts)[:17]).decode()


def is_well_formed(item_id: str) -> bool:
    """Whether the text could be an id at all; Graph answers ErrorInvalidIdMalformed where it can't."""
    return _WELL_FORMED.match(item_id) is not None


def _spell(prefix: str, *parts: str) -> str:
    return prefix + base64.urlsafe_b64encode(_digest(*parts)).decode().rstrip("=") + "AAA="


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\x1f".join(parts).encode()).digest()
