"""Forget what has ended by itself: sign-ins, holds, old changes and old entries of the audit log."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from application.ports.clock import Clock
from application.ports.store import Store
from domain.change import hold_ended

AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetEnded:
    store: Store
    clock: Clock
    changes_kept: timedelta
    audit_kept: timedelta

    async def __call__(self) -> None:
        """Forgets what has ended.

        In small transactions: the feed of changes waits for the oldest that is open.
        """
        now = self.clock.now()
        async with self.store.transaction() as tx:
            await tx.attempts.remove_expired(now)
        while await self._end_holds(now) == AT_ONCE:
            pass
        async with self.store.transaction() as tx:
            await tx.changes.remove_before(now - self.changes_kept)
        async with self.store.transaction() as tx:
            await tx.audit.forget_before(now - self.audit_kept)

    async def _end_holds(self, now: datetime) -> int:
        """No commit says that a hold's time is over: this is the first chance to report it."""
        async with self.store.transaction() as tx:
            ended = await tx.reserved.remove_expired(now, AT_ONCE)
            for hold in ended:
                await tx.changes.add(hold_ended(hold, at=now))
        return len(ended)
