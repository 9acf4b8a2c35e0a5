"""Claim incidents whose mail is due, as many as there is room for: those first whose mail was not tried yet."""

from dataclasses import dataclass, field
from datetime import timedelta

from application.ports.clock import Clock
from application.ports.id_source import IdSource
from application.ports.incidents import DueIncident
from application.ports.lanes import Claim, Room
from application.ports.store import Store

LEASE = timedelta(minutes=3)
"""For how long one worker may mail about an incident before another takes over: longer than asking the provider and
handing the mail over."""


@dataclass(slots=True, kw_only=True)
class ClaimIncidents:
    """One for each lane."""

    store: Store
    clock: Clock
    ids: IdSource
    _token: str = field(default="", init=False)

    async def __call__(self, room: Room) -> Claim[DueIncident]:
        # Where the last one failed, what it has claimed all the same is claimed again under the same token.
        self._token = self._token or self.ids.claim()
        now = self.clock.now()
        async with self.store.transaction() as tx:
            claim = await tx.incidents.claim_due(room, token=self._token, now=now, until=now + LEASE)
        self._token = ""
        return claim
