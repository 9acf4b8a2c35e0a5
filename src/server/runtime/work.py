"""The kinds of work that are done on lanes, each with what it does."""

from dataclasses import dataclass
from typing import Any

from adapters.postgres.job_queue import NOTIFY_EXPERT, WRITE_SESSION
from application.accounts.claim_incidents import ClaimIncidents
from application.accounts.notify_expert import NotifyExpert
from application.ports.clock import Clock
from application.ports.incidents import DueIncident
from application.ports.sessions import DueSession
from application.sessions.claim_sessions import ClaimSessions
from application.sessions.write_session import WriteSession
from server.runtime.lanes import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    claim_sessions: ClaimSessions
    write: WriteSession
    claim_incidents: ClaimIncidents
    notify: NotifyExpert
    clock: Clock

    def lanes(self, places: int) -> tuple[Lane[Any], ...]:
        """With so many places each; a quarter of them is kept for what is new."""
        kept_free = places // 4
        return (
            Lane(
                name=WRITE_SESSION.name,
                places=places,
                kept_free=kept_free,
                claim=self.claim_sessions,
                run=self._write_session,
                clock=self.clock,
            ),
            Lane(
                name=NOTIFY_EXPERT.name,
                places=places,
                kept_free=kept_free,
                claim=self.claim_incidents,
                run=self._notify_expert,
                clock=self.clock,
            ),
        )

    async def _write_session(self, due: DueSession) -> None:
        await self.write(due.expert_id, due.session_id, token=due.token)

    async def _notify_expert(self, due: DueIncident) -> None:
        await self.notify(due.incident_id, token=due.token)
