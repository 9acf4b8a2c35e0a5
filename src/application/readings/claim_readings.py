"""Begin looks at the conflict calendars that are due, as many as there is room for."""

from collections.abc import Callable
from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.lanes import Claim, Claimed, Room
from application.ports.store import Store
from application.readings.under_way import UnderWay
from domain.reading import LEASE, Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimReadings:
    """`jitter` gives numbers from 0 to 1 that keep calendars from being read all at the same moment."""

    store: Store
    clock: Clock
    pace: Pace
    jitter: Callable[[], float]

    async def __call__(self, room: Room) -> Claim[UnderWay]:
        now = self.clock.now()
        window = self.pace.window(now)
        jitter = [self.jitter() for _ in range(room.places)]
        async with self.store.transaction() as tx:
            begun = await tx.readings.begin_due(
                room, now=now, until=now + LEASE, pace=self.pace, jitter=jitter
            )
            own = await tx.sessions.own_snapshots({one.task.expert_id for one in begun}, window)
        return Claim(
            rows=tuple(
                Claimed(
                    row=UnderWay.of(
                        one,
                        window,
                        own,
                        due_at=self.pace.next_due(now, told_until=one.told_until, jitter=self.jitter())
                        if one.noticed
                        else one.due_at,
                    ),
                    keys=(one.task.account_id,),
                    again=not one.noticed,
                )
                for one in begun
            ),
            more=bool(begun),
        )
