"""What an event of ours says, part by part, as digests: enough to decide what a change has to send."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum


class EventPart(Enum):
    """A part of an event that is sent as a whole, or not at all."""

    TIME = "TIME"
    TITLE = "TITLE"
    BODY = "BODY"
    """Text and join link."""
    PLACE = "PLACE"
    REMINDER = "REMINDER"
    VISIBILITY = "VISIBILITY"
    CATEGORY = "CATEGORY"
    COLOR = "COLOR"


EVERY_PART = frozenset(EventPart)
APPEARANCE = frozenset({EventPart.VISIBILITY, EventPart.CATEGORY, EventPart.COLOR})
"""What an event has of which nothing is said: the calendar's own visibility and colour, and no category."""


@dataclass(frozen=True, slots=True)
class EventDigest:
    """One digest for each part. A part that is missing was never written, or nobody knows whether it was.

    Compared with what we wrote, never with the event itself: what its owner made of it is not ours to read.
    """

    parts: frozenset[tuple[EventPart, str]] = frozenset()

    def changed_since(self, written: "EventDigest") -> frozenset[EventPart]:
        """The parts to send, so that an event that said `written` comes to say this."""
        return frozenset(part for part, _ in self.parts - written.parts)

    def agreeing_with(self, other: "EventDigest") -> "EventDigest":
        """Only the parts that say the same: what is known of an event that may be either."""
        return EventDigest(self.parts & other.parts)

    def without(self, *parts: EventPart) -> "EventDigest":
        return EventDigest(frozenset(one for one in self.parts if one[0] not in parts))

    def of(self, parts: Collection[EventPart]) -> "EventDigest":
        """Of these parts only."""
        return EventDigest(frozenset(one for one in self.parts if one[0] in parts))

    def over(self, older: "EventDigest") -> "EventDigest":
        """This, and of the parts that it says nothing of what `older` says."""
        own = {part for part, _ in self.parts}
        return EventDigest(self.parts | {one for one in older.parts if one[0] not in own})


def digest_of(*values: object) -> str:
    """Of a part's values. Short: it only has to detect a change, and is stored sealed."""
    return hashlib.blake2b(repr(values).encode(errors="surrogatepass"), digest_size=8).hexdigest()


def digest_by_part(values: Mapping[EventPart, tuple[object, ...]]) -> EventDigest:
    return EventDigest(frozenset((part, digest_of(*says)) for part, says in values.items()))
