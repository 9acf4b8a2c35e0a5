"""What a session's event says, and how it looks."""

from dataclasses import dataclass, field
from enum import Enum

from domain.event_digest import APPEARANCE, EventDigest, EventPart, digest_by_part

WITHHELD_TITLE = "Private appointment"
"""As Outlook calls private events where it shows that there is one."""


class Visibility(Enum):
    """Who sees what a session's event says, of those who see the calendar."""

    PRIVATE = "PRIVATE"
    """Nobody but the expert."""


class EventColor(Enum):
    """By Google's names for the colours that an event may have."""

    PALE_BLUE = "PALE_BLUE"
    PALE_GREEN = "PALE_GREEN"
    MAUVE = "MAUVE"
    PALE_RED = "PALE_RED"
    YELLOW = "YELLOW"
    ORANGE = "ORANGE"
    CYAN = "CYAN"
    GRAY = "GRAY"
    BLUE = "BLUE"
    GREEN = "GREEN"
    RED = "RED"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDetails:
    """What a session's event says. Empty strings mean "none", and so does None for the minutes of the reminder.

    None as its visibility and its colour means the calendar's.
    """

    title: str = field(repr=False)
    text: str = field(default="", repr=False)
    place: str = field(default="", repr=False)
    join_url: str = field(default="", repr=False)
    reminder_minutes: int | None = None
    visibility: Visibility | None = None
    category: str = field(default="", repr=False)
    color: EventColor | None = field(default=None, repr=False)

    @property
    def is_private(self) -> bool:
        return self.visibility is Visibility.PRIVATE

    @property
    def is_plain(self) -> bool:
        """Whether nothing is said of the event's appearance."""
        return not (self.visibility or self.category or self.color)

    @property
    def withheld(self) -> "SessionDetails":
        """Nothing but that there is something: for calendars that nothing private can be written to."""
        return SessionDetails(title=WITHHELD_TITLE, reminder_minutes=self.reminder_minutes)

    @property
    def digest(self) -> EventDigest:
        """Of an event that says this, but for its time."""
        return digest_by_part(
            {
                EventPart.TITLE: (self.title,),
                EventPart.BODY: (self.text, self.join_url),
                EventPart.PLACE: (self.place,),
                EventPart.REMINDER: (self.reminder_minutes,),
                EventPart.VISIBILITY: (self.visibility and self.visibility.value,),
                EventPart.CATEGORY: (self.category,),
                EventPart.COLOR: (self.color and self.color.value,),
            }
        )


PLAIN = SessionDetails(title="").digest.of(APPEARANCE)
"""Of an event whose appearance nothing was ever said of."""
