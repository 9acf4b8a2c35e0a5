"""A provider says that calendars changed: mark them, so that they are read again."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from application.notifications.notification import Notice
from application.notifications.sift_notifications import Ours
from application.ports.clock import Clock
from application.ports.store import Store, Transaction
from domain.subscription import Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeNotifications:
    store: Store
    clock: Clock

    async def __call__(self, ours: Ours) -> None:
        """Takes what was sifted out as ours.

        A mark that lands while the calendar is being read makes it due again, so that no change is lost. What fails
        half-way may be delivered again as a whole.
        """
        for subscription, notices in ours.items():
            # Each by itself: holding one calendar and wanting another could deadlock with somebody doing the reverse.
            async with self.store.transaction() as tx:
                await self._take(tx, subscription, notices)

    async def _take(self, tx: Transaction, subscription: Subscription, notices: AbstractSet[Notice]) -> None:
        calendar_id, now = subscription.calendar_id, self.clock.now()
        if notices != {Notice.ENDING}:
            await tx.readings.mark(calendar_id, now)
        if Notice.ENDING in notices:
            await tx.subscriptions.postpone(calendar_id, until=now)
        if Notice.ENDED in notices:
            await tx.subscriptions.forget(calendar_id, remote_id=subscription.remote_id, now=now)
        if notices & {Notice.ENDING, Notice.ENDED}:
            await tx.jobs.keep_subscription(calendar_id)
