"""Reserve a free time for a moment while somebody books."""

from dataclasses import dataclass
from datetime import timedelta

from application.availability.look_up_availability import LookUpAvailability
from application.availability.require_same_rule import require_same_rule
from application.ports.clock import Clock
from application.ports.store import Store
from domain.availability import Availability
from domain.buffers import NO_BUFFERS, Buffers
from domain.change import hold_ended, hold_placed
from domain.hold import USUAL_LIFETIME, Hold, TimeTaken, require_free
from domain.ids import ExpertId, HoldId
from domain.interval import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedHold:
    """`evidence` is what its time was found free by."""

    hold: Hold
    evidence: Availability


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTime:
    store: Store
    clock: Clock
    look_up: LookUpAvailability

    async def __call__(
        self,
        *,
        expert_id: ExpertId,
        hold_id: HoldId,
        interval: Interval,
        buffers: Buffers = NO_BUFFERS,
        lifetime: timedelta | None,
        max_age: timedelta | None,
        budget: timedelta,
    ) -> AcceptedHold:
        """The hold. One with this id is renewed, or moved. `buffers` must be free as well, and are not held.

        Calendars are looked at now, unless `max_age` allows readings that old. Of two who want one time at once, one
        gets it. Raises ExpertNotFound, TimeTaken, AvailabilityUnknown,
        CalendarsUnreadable.
        """
        needed = buffers.around(interval)
        known = await self.look_up(
            expert_id, needed, budget=budget, max_age=max_age or timedelta(), excluded_holds={hold_id}
        )
        require_free(known.check(needed), known.unread)
        now = self.clock.now()
        hold = Hold(
            expert_id=expert_id,
            hold_id=hold_id,
            interval=interval,
            expires_at=now + (lifetime or USUAL_LIFETIME),
        )
        async with self.store.transaction() as tx:
            await require_same_rule(tx, await tx.experts.lock(expert_id), known)
            if booked := await tx.sessions.booked(expert_id, needed):
                raise TimeTaken(sessions=tuple(one.session_id for one in booked))
            # stored since it was looked at
            if overlapping := await tx.readings.overlapping(expert_id, needed):
                raise TimeTaken(calendars=tuple(calendar_id for _, calendar_id in overlapping))
            for ended in await tx.reserved.hold(hold, needed=needed, now=now):
                await tx.changes.add(hold_ended(ended, at=now))
            await tx.changes.add(hold_placed(hold, at=now))
        return AcceptedHold(hold=hold, evidence=known)
