"""Claim accounts whose list of calendars is due to be read again, as many as there is room for."""

from dataclasses import dataclass
from datetime import timedelta

from application.ports.clock import Clock
from application.ports.lanes import Claim, Room
from application.ports.store import Store
from domain.ids import AccountId

LEASE = timedelta(minutes=2)
"""How long others leave a list alone that is being read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLists:
    store: Store
    clock: Clock

    async def __call__(self, room: Room) -> Claim[AccountId]:
        now = self.clock.now()
        async with self.store.transaction() as tx:
            claimed = await tx.calendars.claim_lists(room, now=now, until=now + LEASE)
        return Claim(rows=claimed, more=bool(claimed))
