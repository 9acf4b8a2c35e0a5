"""A fake of the workers that are known."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from application.ports.workers import MOST_DEATHS, Freed
from domain.ids import WorkerId
from tests.fakes.tables import Claim, Tables

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class FakeWorkers:
    tables: Tables

    async def show_life(self, worker_id: WorkerId, now: datetime) -> datetime | None:
        before = self.tables.workers.get(worker_id)
        self.tables.workers[worker_id] = now
        return before

    async def silent(self, before: datetime) -> tuple[WorkerId, ...]:
        return tuple(sorted(one for one, seen_at in self.tables.workers.items() if seen_at < before))

    async def forget(self, worker_id: WorkerId, now: datetime, *, aside_until: datetime | None) -> Freed:
        if self.tables.workers.pop(worker_id, None) is None:
            return Freed()
        sessions, aside = self._free(self.tables.session_claims, worker_id, aside_until)
        incidents, also_aside = self._free(self.tables.incident_claims, worker_id, aside_until)
        return Freed(sessions=sessions, incidents=incidents, set_aside=aside + also_aside)

    def _free(
        self, claims: dict[Key, Claim], worker_id: WorkerId, aside_until: datetime | None
    ) -> tuple[tuple[Key, ...], int]:
        """The keys of what is free now, and of how much is set aside."""
        its = [key for key, claim in claims.items() if _is_of(claim, worker_id)]
        aside = 0
        for key in its:
            claim = claims.pop(key)
            if aside_until is not None:
                self.tables.deaths[key] += 1
                if self.tables.deaths[key] >= MOST_DEATHS:
                    claims[key] = Claim(claim.token, aside_until)
                    aside += 1
        return tuple(key for key in its if key not in claims), aside


def _is_of(claim: Claim, worker_id: WorkerId) -> bool:
    return claim.token.partition(".")[0] == worker_id
