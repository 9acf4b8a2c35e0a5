"""A fake of the job queue: jobs are rows of the same transaction, and nobody runs them by itself."""

from dataclasses import dataclass
from datetime import datetime

from domain.ids import AccountId, ExpertId, IncidentId, SessionId
from tests.fakes.tables import NotifyExpert, RefreshCalendars, Tables, WriteSession


@dataclass(frozen=True, slots=True)
class FakeJobs:
    tables: Tables

    async def write_session(
        self, expert_id: ExpertId, session_id: SessionId, *, at: datetime | None = None
    ) -> None:
        self.tables.jobs.append(WriteSession(expert_id, session_id, at))

    async def notify_expert(self, incident_id: IncidentId, *, at: datetime | None = None) -> None:
        self.tables.jobs.append(NotifyExpert(incident_id, at))

    async def refresh_calendars(self, account_id: AccountId, *, at: datetime | None = None) -> None:
        waiting = (job for job in self.tables.jobs if isinstance(job, RefreshCalendars))
        if all(job.account_id != account_id for job in waiting):
            self.tables.jobs.append(RefreshCalendars(account_id, at))
