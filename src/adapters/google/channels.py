"""How one text names a channel by its two ids: the one we gave it, and the one Google gave to what is watched."""

from dataclasses import dataclass, field
from typing import Final

LONGEST_CHANNEL_ID: Final = 64
"""Characters, which Google allows (Calendar API v3, channels)."""
LONGEST_RESOURCE_ID: Final = 256
"""Characters. Google promises no length; those seen have about 27."""
_BETWEEN: Final = "/"
"""In no channel id of ours, which are UUIDs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelIds:
    channel_id: str = field(repr=False)
    resource_id: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.channel_id}{_BETWEEN}{self.resource_id}"

    @classmethod
    def from_outside(cls, channel_id: object, resource_id: object) -> "ChannelIds | None":
        """None for what can't be the ids of a channel of ours."""
        if not isinstance(channel_id, str) or not isinstance(resource_id, str):
            return None
        if _BETWEEN in channel_id or not all(
            one.isascii() and one.isprintable() for one in (channel_id, resource_id)
        ):
            return None
        if not 0 < len(channel_id) <= LONGEST_CHANNEL_ID or not 0 < len(resource_id) <= LONGEST_RESOURCE_ID:
            return None
        return cls(channel_id=channel_id, resource_id=resource_id)

    @classmethod
    def parse(cls, remote_id: str) -> "ChannelIds | None":
        """From how a subscription is stored; None for what no channel is called."""
        channel_id, _, resource_id = remote_id.partition(_BETWEEN)
        return cls.from_outside(channel_id, resource_id)
