"""A fake of the workers that are known."""

from dataclasses import dataclass
from datetime import datetime

from application.ports.workers import Freed
from domain.ids import WorkerId
from tests.fakes.tables import Claim, Tables


@dataclass(frozen=True, slots=True)
class FakeWorkers:
    tables: Tables

    async def show_life(self, worker_id: WorkerId, now: datetime) -> datetime | None:
        before = self.tables.workers.get(worker_id)
        self.tables.workers[worker_id] = now
        return before

    async def silent(self, before: datetime) -> tuple[WorkerId, ...]:
        return tuple(sorted(one for one, seen_at in self.tables.workers.items() if seen_at < before))

    async def forget(self, worker_id: WorkerId, now: datetime) -> Freed:
        if self.tables.workers.pop(worker_id, None) is None:
            return Freed()
        sessions = tuple(key for key, claim in self.tables.session_claims.items() if _is_of(claim, worker_id))
        incidents = tuple(
            key for key, claim in self.tables.incident_claims.items() if _is_of(claim, worker_id)
        )
        for session in sessions:
            del self.tables.session_claims[session]
        for incident in incidents:
            del self.tables.incident_claims[incident]
        return Freed(sessions=sessions, incidents=incidents)


def _is_of(claim: Claim, worker_id: WorkerId) -> bool:
    return claim.token.partition(".")[0] == worker_id
