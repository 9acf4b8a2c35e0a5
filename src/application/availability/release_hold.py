"""Give a held time back."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.store import Store
from domain.change import hold_ended
from domain.hold import HoldNotFound
from domain.ids import ExpertId, HoldId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseHold:
    store: Store
    clock: Clock

    async def __call__(self, expert_id: ExpertId, hold_id: HoldId) -> None:
        """Raises HoldNotFound, also for one that has expired by itself."""
        async with self.store.transaction() as tx:
            hold = await tx.reserved.release(expert_id, hold_id)
            now = self.clock.now()
            await tx.changes.add(hold_ended(hold, at=now))
        if hold.expires_at <= now:
            raise HoldNotFound
