"""Begin looks at the conflict calendars that are due, as many as there is room for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from application.ports.alarms import Alarms
from application.ports.clock import Clock
from application.ports.lanes import Claim, Claimed, Room
from application.ports.provider import CalendarProviders, answering_for_all, answering_together
from application.ports.store import Store
from application.readings.under_way import UnderWay
from domain.ids import AccountId
from domain.reading import LEASE, BegunLook, Pace

LooksAtOnce: TypeAlias = tuple[UnderWay, ...]
"""One, or those that the provider answers for together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimReadings:
    """`jitter` gives numbers from 0 to 1 that keep calendars from being read all at the same moment."""

    store: Store
    clock: Clock
    providers: CalendarProviders
    alarms: Alarms
    pace: Pace
    jitter: Callable[[], float]

    async def __call__(self, room: Room) -> Claim[LooksAtOnce]:
        now = self.clock.now()
        window = self.pace.window(now)
        jitter = [self.jitter() for _ in range(room.places)]
        async with self.store.transaction() as tx:
            begun = await tx.readings.begin_due(
                room,
                now=now,
                until=now + LEASE,
                pace=self.pace,
                jitter=jitter,
                together=answering_together(self.providers),
                with_writable=answering_for_all(self.providers),
                saving=[one for one in self.providers if self.alarms.is_day_nearly_spent(one)],
            )
            own = await tx.sessions.own_snapshots({one.task.expert_id for one in begun}, window)
        return Claim(
            rows=tuple(
                Claimed(
                    row=tuple(UnderWay.of(one, window, own, due_at=due_at) for one in looks),
                    keys=(looks[0].task.account_id,),
                    again=not any(one.noticed for one in looks),
                )
                for looks in _placed(begun)
                for due_at in [self._due_again(looks, now)]
            ),
            more=bool(begun),
        )

    def _due_again(self, looks: list[BegunLook], now: datetime) -> datetime:
        """The same for all that take one place."""
        planned = next((one.due_at for one in looks if not one.noticed), None)
        if planned is not None:
            return planned
        told = [one.told_until for one in looks if one.told_until is not None]
        until = min(told) if len(told) == len(looks) else None
        saving = self.alarms.is_day_nearly_spent(looks[0].task.provider)
        return self.pace.next_due(now, told_until=until, jitter=self.jitter(), saving=saving)


def _placed(begun: Iterable[BegunLook]) -> list[list[BegunLook]]:
    """Those that take one place, in the order in which the first of them came."""
    places: list[list[BegunLook]] = []
    together: dict[AccountId, list[BegunLook]] = {}
    for one in begun:
        if one.together and one.task.account_id in together:
            together[one.task.account_id].append(one)
            continue
        places.append([one])
        if one.together:
            together[one.task.account_id] = places[-1]
    return places
