"""One notification of a change, as a sender claims it."""

from dataclasses import dataclass, field
from enum import Enum

from application.ports.subscriptions import Claim


class Notice(Enum):
    """What a notification is about."""

    CHANGED = "CHANGED"
    MISSED = "MISSED"
    """Some were not delivered: as if the calendar had changed."""
    ENDING = "ENDING"
    """The subscription must be renewed, or authorised again, to continue."""
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One item of a delivery; `secret` is what the sender gives as proof."""

    remote_id: str = field(repr=False)
    secret: str = field(repr=False)
    notice: Notice

    @property
    def claim(self) -> Claim:
        return self.remote_id, self.secret
