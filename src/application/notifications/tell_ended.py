"""Tell the provider of subscriptions that are kept no more."""

from dataclasses import dataclass
from datetime import timedelta

from application.notifications.end_subscriptions import EndSubscriptions
from application.ports.clock import Clock
from application.ports.lanes import Claim, Room
from application.ports.store import Store
from domain.subscription import EndedSubscription

LEASE = timedelta(minutes=2)
"""How long others leave one alone that is being ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TellEnded:
    store: Store
    clock: Clock
    end: EndSubscriptions

    async def claim(self, room: Room) -> Claim[EndedSubscription]:
        """As many as there is room for."""
        now = self.clock.now()
        async with self.store.transaction() as tx:
            claimed = await tx.subscriptions.claim_ended(room, now=now, until=now + LEASE)
        return Claim(rows=claimed, more=bool(claimed))

    async def __call__(self, ended: EndedSubscription) -> None:
        """It is forgotten afterwards, whether the provider has heard of it or not: it ends by itself, too."""
        await self.end([ended])
        async with self.store.transaction() as tx:
            await tx.subscriptions.forget_ended(ended.remote_id)
