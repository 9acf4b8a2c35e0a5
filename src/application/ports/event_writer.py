"""Writing our own events, and finding them again. Other people's events are out of its reach by construction."""

from collections.abc import Collection
from typing import Protocol

from domain.event_digest import EventPart
from domain.interval import Interval
from domain.session import EventCopy, EventPlace
from domain.session_details import SessionDetails


class EventWriter(Protocol):
    """Every method raises AccessLost, AccessDoubted, AccessDenied, MailboxNotServed, MailboxSuspended,
    ProviderUnavailable, ProviderMisconfigured, InvalidAnswer, AccountNotFound; the others are named where they
    arise."""

    async def create(self, copy: EventCopy, interval: Interval, details: SessionDetails) -> EventPlace:
        """Create the event of `copy` in its calendar under its mark and return where it is.

        A repeat under the same mark never makes a second event when the provider recognises it. Raises CalendarGone,
        WriteRefused, EventDeleted, as `find` does, and ProviderUnavailable with `outcome_unknown` when the event may
        exist all the same.
        """
        ...

    async def update(
        self, copy: EventCopy, interval: Interval, details: SessionDetails, *, parts: Collection[EventPart]
    ) -> None:
        """Bring these parts of the event to this state, at its place, and leave the others alone.

        Where a provider takes an event only as a whole, the others go back as they came, and nothing is made of them.
        Raises EventMissing when there is none at that place, which proves nothing yet, and WriteRefused.
        """
        ...

    async def delete(self, copy: EventCopy) -> None:
        """Remove the event from its place. Raises EventMissing, as `update` does, and WriteRefused."""
        ...

    async def find(self, copy: EventCopy) -> EventPlace | None:
        """Where the event is, in whatever calendar of the account; None when there surely is none, and one can be made.

        Raises EventDeleted when there was one and the provider remembers its mark: another takes another mark.

        By its id, as far as it is known, and by its mark, around each of its times. A look that is not complete
        finds nothing out: then it raises. Raises CalendarGone when there is none and the account surely no
        longer has its calendar.
        """
        ...
