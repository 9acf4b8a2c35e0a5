"""What Google sends to our notification address: headers, and nothing in them says what has changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from adapters.google.channels import ChannelIds

LONGEST_TOKEN: Final = 256
"""Characters, which Google allows (Calendar API v3, channels)."""
_OPENS: Final = "sync"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedNotification:
    """Nothing of it is proven but by `secret`, empty where there was none.

    `opens`: it is a channel's first, sent while Google makes it and before anything has changed.
    """

    remote_id: str = field(repr=False)
    secret: str = field(repr=False)
    opens: bool


def notification_from(headers: Mapping[str, str]) -> ReceivedNotification | None:
    """None where the headers name no channel that could be ours.

    Every state but `sync` counts as a change, also one that isn't known: reading the calendar is always right. Numbers
    are not looked at, since they have gaps and a repeat costs a look at most.
    """
    ids = ChannelIds.from_outside(headers.get("X-Goog-Channel-ID"), headers.get("X-Goog-Resource-ID"))
    if ids is None:
        return None
    secret, state = headers.get("X-Goog-Channel-Token", ""), headers.get("X-Goog-Resource-State", "")
    return ReceivedNotification(
        remote_id=str(ids),
        secret=secret if len(secret) <= LONGEST_TOKEN and secret.isascii() and secret.isprintable() else "",
        opens=state.casefold() == _OPENS,
    )
