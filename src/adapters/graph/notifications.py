"""What Graph sends to our notification address, down to what we may know: which subscription, and by whose word."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from domain.access import InvalidAnswer

Lifecycle = Literal["reauthorizationRequired", "subscriptionRemoved", "missed"]

MOST_ITEMS = 1000
"""Graph documents no limit; a delivery with more items is not one of Graph's."""

LONGEST_TEXT = 256
"""In characters, of an id (Graph's are GUIDs) and of a secret (Graph allows 128)."""

_LIFECYCLES: dict[str, Lifecycle] = {word.casefold(): word for word in get_args(Lifecycle)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedNotification:
    """One item of a delivery: nothing of it is proven but by `secret`, empty where there was none.

    `lifecycle` None says that something in the calendar changed. What changed stands in the delivery too; it is not
    kept.
    """

    remote_id: str = field(repr=False)
    secret: str = field(repr=False)
    lifecycle: Lifecycle | None


def notifications_from(body: bytes) -> tuple[ReceivedNotification, ...]:
    """The items of a delivery that name a subscription, in their order.

    Unknown lifecycle events count as `missed`: something happened, and reading the calendar is always right. Raises
    InvalidAnswer if it is not a collection of notifications, or has more than 1,000 items.
    """
    items = _items(body)
    return tuple(
        ReceivedNotification(
            remote_id=remote_id, secret=_text(item, "clientState"), lifecycle=_lifecycle(item)
        )
        for item in items
        if isinstance(item, dict) and (remote_id := _text(item, "subscriptionId"))
    )


def _items(body: bytes) -> list[Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidAnswer(what="no JSON") from None
    items = document.get("value") if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise InvalidAnswer(what="no collection of notifications")
    if len(items) > MOST_ITEMS:
        raise InvalidAnswer(what="too many notifications")
    return items


def _lifecycle(item: dict[str, Any]) -> Lifecycle | None:
    word = item.get("lifecycleEvent")
    if word is None:
        return None
    return _LIFECYCLES.get(word.casefold(), "missed") if isinstance(word, str) else "missed"


def _text(item: dict[str, Any], name: str) -> str:
    """Empty for what can neither be Graph's id nor our secret: anybody may send anything."""
    value = item.get(name)
    if (
        not isinstance(value, str)
        or len(value) > LONGEST_TEXT
        or not value.isascii()
        or not value.isprintable()
    ):
        return ""
    return value
