"""Find what is due and no job is left for, whatever became of the job."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from application.ports.clock import Clock
from application.ports.store import Store
from domain.change import hold_ended

AT_ONCE = 200
READINGS_AT_ONCE = 1000
"""There are many more of them than of anything else, each due every few minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepDue:
    store: Store
    clock: Clock
    changes_kept: timedelta

    async def __call__(self) -> None:
        """Queues what is due by the clock, and forgets what has ended.

        In small transactions: the feed of changes waits for the oldest that is open.
        """
        now = self.clock.now()
        await self._wake_due(now)
        await self._forget_ended(now)

    async def _wake_due(self, now: datetime) -> None:
        async with self.store.transaction() as tx:
            due = await tx.readings.due(now, READINGS_AT_ONCE)
        for first in range(0, len(due), AT_ONCE):
            async with self.store.transaction() as tx:
                for calendar_id in due[first : first + AT_ONCE]:
                    await tx.jobs.read_calendar(calendar_id)
        async with self.store.transaction() as tx:
            for calendar_id in await tx.subscriptions.due(now, AT_ONCE):
                await tx.jobs.keep_subscription(calendar_id)
        async with self.store.transaction() as tx:
            for account_id in await tx.calendars.list_due(now, AT_ONCE):
                await tx.jobs.refresh_calendars(account_id)

    async def _forget_ended(self, now: datetime) -> None:
        async with self.store.transaction() as tx:
            await tx.attempts.remove_expired(now)
        while await self._end_holds(now) == AT_ONCE:
            pass
        async with self.store.transaction() as tx:
            await tx.changes.remove_before(now - self.changes_kept)

    async def _end_holds(self, now: datetime) -> int:
        """No commit says that a hold's time is over: this is the first chance to report it."""
        async with self.store.transaction() as tx:
            ended = await tx.reserved.remove_expired(now, AT_ONCE)
            for hold in ended:
                await tx.changes.add(hold_ended(hold, at=now))
        return len(ended)
