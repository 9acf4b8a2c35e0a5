"""A fake of the job queue: jobs are rows of the same transaction, and nobody runs them by itself."""

from dataclasses import dataclass
from datetime import datetime

from domain.ids import AccountId, CalendarId, ExpertId, IncidentId, SessionId
from tests.fakes.tables import (
    EndSubscription,
    KeepSubscription,
    ReadCalendar,
    RefreshCalendars,
    Tables,
)


@dataclass(frozen=True, slots=True)
class FakeJobs:
    tables: Tables

    async def write_session(
        self, expert_id: ExpertId, session_id: SessionId, *, at: datetime | None = None
    ) -> None:
        self._wake("write_session", at)

    async def notify_expert(self, incident_id: IncidentId, *, at: datetime | None = None) -> None:
        self._wake("notify_expert", at)

    async def refresh_calendars(self, account_id: AccountId) -> None:
        self._once(RefreshCalendars(account_id))

    async def read_calendar(self, calendar_id: CalendarId) -> None:
        self._once(ReadCalendar(calendar_id))

    async def keep_subscription(self, calendar_id: CalendarId) -> None:
        self._once(KeepSubscription(calendar_id))

    async def end_subscription(self, account_id: AccountId, remote_id: str) -> None:
        self.tables.jobs.append(EndSubscription(account_id, remote_id))

    def _wake(self, kind: str, at: datetime | None) -> None:
        if at is None:
            self.tables.woken.append(kind)

    def _once(self, job: RefreshCalendars | ReadCalendar | KeepSubscription) -> None:
        if job not in self.tables.jobs:
            self.tables.jobs.append(job)
