"""Writing our own events, and finding them again. Other people's events are out of its reach by construction."""

from typing import Protocol

from domain.ids import AccountId, EventMark
from domain.interval import Interval
from domain.session import EventCopy, SessionDetails


class EventWriter(Protocol):
    """Every method raises AccessLost, AccessDenied, ProviderUnavailable, ProviderMisconfigured, InvalidAnswer,
    AccountNotFound; the others are named where they arise."""

    async def create(self, copy: EventCopy, interval: Interval, details: SessionDetails) -> str:
        """Create the event of `copy` in its calendar under its mark and return the provider's id of it.

        A repeat under the same mark never makes a second event when the provider recognises it. Raises CalendarGone,
        WriteRefused, and ProviderUnavailable with `outcome_unknown` when the event may exist all the same.
        """
        ...

    async def update(
        self,
        account_id: AccountId,
        remote_id: str,
        interval: Interval,
        details: SessionDetails,
        *,
        set_reminder: bool,
    ) -> None:
        """Bring the event to this state, wherever in the mailbox it is; the reminder only with `set_reminder`.

        Raises EventGone, WriteRefused.
        """
        ...

    async def delete(self, account_id: AccountId, remote_id: str) -> None:
        """Remove the event; one that is gone already counts as removed. Raises WriteRefused."""
        ...

    async def find(
        self, account_id: AccountId, remote_calendar_id: str, mark: EventMark, near: Interval
    ) -> str | None:
        """The provider's id of the event with this mark, or None when there surely is none.

        `near` is where it was meant to be. Raises CalendarGone.
        """
        ...
