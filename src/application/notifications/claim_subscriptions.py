"""Claim subscriptions that have to be made or renewed, as many as there is room for."""

from dataclasses import dataclass

from application.notifications.keep_subscription import LEASE
from application.ports.clock import Clock
from application.ports.lanes import Claim, Room
from application.ports.store import Store
from domain.ids import CalendarId


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSubscriptions:
    store: Store
    clock: Clock

    async def __call__(self, room: Room) -> Claim[CalendarId]:
        now = self.clock.now()
        async with self.store.transaction() as tx:
            claimed = await tx.subscriptions.claim_due(room, now=now, until=now + LEASE)
        return Claim(rows=claimed, more=bool(claimed))
