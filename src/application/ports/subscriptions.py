"""The stored subscriptions to change notifications, and when each has to be renewed."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol, TypeAlias

from application.ports.lanes import Claimed, Room
from domain.ids import AccountId, CalendarId
from domain.subscription import EndedSubscription, Subscription

Claim: TypeAlias = tuple[str, str]
"""The id of a subscription and the secret that comes with it, as anybody may send them."""


class Subscriptions(Protocol):
    """Like readings, planned for each conflict calendar and for no other.

    Whatever changes one locks its calendar's schedule of reading, too, and locks it first, as deselecting,
    disconnecting and erasing do: they remove both, the schedule first. Whoever changes several takes them in the order
    of the calendars' ids.
    """

    async def get(self, calendar_id: CalendarId) -> Subscription | None: ...

    async def of_account(self, account_id: AccountId) -> tuple[Subscription, ...]: ...

    async def calendar_of(self, remote_id: str) -> CalendarId | None:
        """The calendar the provider's subscription of this id is stored for."""
        ...

    async def save(
        self, subscription: Subscription, *, instead_of: str | None, secret: str | None, renew_at: datetime
    ) -> bool:
        """Keep it, or its renewal; `secret` None leaves the one that is stored. Only a hash of it is kept.

        `instead_of` is the remote id that was stored when the work began, None for none. False, and nothing stored,
        when another is stored by now, or the calendar is not (or no longer) a conflict calendar.
        """
        ...

    async def claim(self, calendar_id: CalendarId, *, now: datetime, until: datetime) -> bool:
        """Whether it is due, and left to who asks until then: two at once would take each other's away."""
        ...

    async def postpone(self, calendar_id: CalendarId, *, until: datetime) -> None:
        """Due then, and not before; what is stored stays."""
        ...

    async def forget(self, calendar_id: CalendarId, *, remote_id: str | None, now: datetime) -> None:
        """The provider no longer has it: a new one is due at `now`. Nothing changes if another is stored by now."""
        ...

    async def proven(self, claims: Collection[Claim]) -> Mapping[Claim, Subscription]:
        """The subscriptions of those claims that carry the right secret (compared in constant time).

        However many there are, they are looked up at once, and no row is held for it.
        """
        ...

    async def claim_due(
        self, room: Room, *, now: datetime, until: datetime
    ) -> tuple[Claimed[CalendarId], ...]:
        """Claim those of active accounts that are due, as `claim` does: the longest due first, as many as there is room
        for, of an account no more than MOST_OF_A_KEY, with those that the room says are held."""
        ...

    async def end(self, account_id: AccountId, remote_id: str) -> None:
        """The provider is to be told that this one, which is kept no more, has ended; gone with its account."""
        ...

    async def claim_ended(
        self, room: Room, *, now: datetime, until: datetime
    ) -> tuple[Claimed[EndedSubscription], ...]:
        """Those that the provider is to be told of, claimed in the same way."""
        ...

    async def forget_ended(self, remote_id: str) -> None:
        """The provider was told."""
        ...
