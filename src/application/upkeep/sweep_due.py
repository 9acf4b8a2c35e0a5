"""Find what is due and no job is left for, whatever became of the job."""

from dataclasses import dataclass
from datetime import timedelta

from application.ports.clock import Clock
from application.ports.store import Store

PATIENCE = timedelta(seconds=30)
"""How long a job is given before its row counts as forgotten."""
AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepDue:
    store: Store
    clock: Clock

    async def __call__(self) -> None:
        """Queues jobs anew for overdue sessions and mails, and forgets sign-ins that ended unused."""
        now = self.clock.now()
        async with self.store.transaction() as tx:
            for expert_id, session_id in await tx.sessions.due(now - PATIENCE, AT_ONCE):
                await tx.jobs.write_session(expert_id, session_id)
            for incident_id in await tx.incidents.due(now - PATIENCE, AT_ONCE):
                await tx.jobs.notify_expert(incident_id)
            await tx.attempts.remove_expired(now)
