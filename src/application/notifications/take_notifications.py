"""A provider says that calendars changed: mark them, so that they are read again."""

from collections import defaultdict
from collections.abc import Collection
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum

from application.ports.clock import Clock
from application.ports.store import Store, Transaction
from application.ports.subscriptions import Claim
from domain.subscription import Subscription


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeNotifications:
    store: Store
    clock: Clock

    async def __call__(self, delivery: Collection[Notification]) -> int:
        """How many of them were ours: those with a known subscription and its secret. The rest change nothing.

        A mark that lands while the calendar is being read makes it due again, so that no change is lost. What fails
        half-way may be delivered again as a whole.
        """
        async with self.store.transaction() as tx:
            proven = await tx.subscriptions.proven({one.claim for one in delivery})
        told: defaultdict[Subscription, set[Notice]] = defaultdict(set)
        for one in delivery:
            if one.claim in proven:
                told[proven[one.claim]].add(one.notice)
        for subscription, notices in told.items():
            # Each by itself: holding one calendar and wanting another could deadlock with somebody doing the reverse.
            async with self.store.transaction() as tx:
                await self._take(tx, subscription, notices)
        return sum(len(notices) for notices in told.values())

    async def _take(self, tx: Transaction, subscription: Subscription, notices: AbstractSet[Notice]) -> None:
        calendar_id, now = subscription.calendar_id, self.clock.now()
        if notices != {Notice.ENDING} and await tx.readings.mark(calendar_id, now):
            await tx.jobs.read_calendar(calendar_id)
        if Notice.ENDING in notices:
            await tx.subscriptions.postpone(calendar_id, until=now)
        if Notice.ENDED in notices:
            await tx.subscriptions.forget(calendar_id, remote_id=subscription.remote_id, now=now)
        if notices & {Notice.ENDING, Notice.ENDED}:
            await tx.jobs.keep_subscription(calendar_id)
