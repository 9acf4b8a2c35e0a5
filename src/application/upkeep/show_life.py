"""Show that this worker lives, and free what those had claimed that don't any more."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from application.ports.clock import Clock
from application.ports.id_source import IdSource
from application.ports.store import Store, Transaction
from application.ports.workers import Freed
from domain.ids import WorkerId

SHOWN_EVERY = timedelta(seconds=10)
DEAD_AFTER = timedelta(seconds=30)
"""Longer than one call to the provider takes, so that none of a worker's is still under way when another takes over."""
SET_ASIDE = timedelta(hours=1)
"""How long a row rests that several workers in a row have died with: it may be what they died of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowLife:
    store: Store
    clock: Clock
    ids: IdSource

    async def __call__(self) -> int:
        """Judges others only if it could send its own heartbeat: while the database was away, nobody could.

        How many rows were set aside, because worker after worker has died with them claimed.
        """
        now = self.clock.now()
        async with self.store.transaction() as tx:
            before = await tx.workers.show_life(self.ids.worker_id, now)
            silent = await tx.workers.silent(now - DEAD_AFTER)
        if before is None or now - before >= DEAD_AFTER:
            return 0
        return sum([await self._forget(worker_id, aside_until=now + SET_ASIDE) for worker_id in silent])

    async def leave(self) -> None:
        """At the end: what could not be finished is for others at once."""
        await self._forget(self.ids.worker_id, aside_until=None)

    async def _forget(self, worker_id: WorkerId, *, aside_until: datetime | None) -> int:
        async with self.store.transaction() as tx:
            now = self.clock.now()
            freed = await tx.workers.forget(worker_id, now, aside_until=aside_until)
            await _wake(tx, freed)
            # Whose looks these were is not known; of others' they are so old that one more does no harm.
            await tx.readings.free_begun(now, before=now - DEAD_AFTER)
        return freed.set_aside


async def _wake(tx: Transaction, freed: Freed) -> None:
    for expert_id, session_id in freed.sessions:
        await tx.jobs.write_session(expert_id, session_id)
    for incident_id in freed.incidents:
        await tx.jobs.notify_expert(incident_id)
