"""A fake of waking workers: it remembers whom it woke, and the wishes."""

from dataclasses import dataclass
from datetime import datetime

from domain.ids import AccountId, CalendarId, ExpertId, IncidentId, SessionId
from tests.fakes.subscriptions import FakeSubscriptions
from tests.fakes.tables import Tables, Wish


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
        self._wish(Wish("refresh_calendars", account_id))

    async def read_calendar(self, calendar_id: CalendarId) -> None:
        self._wish(Wish("read_calendar", calendar_id))

    async def keep_subscription(self, calendar_id: CalendarId) -> None:
        self._wake("keep_subscription")

    async def end_subscription(self, account_id: AccountId, remote_id: str) -> None:
        await FakeSubscriptions(self.tables).end(account_id, remote_id)
        self._wake("end_subscription")

    def _wake(self, kind: str, at: datetime | None = None) -> None:
        if at is None:
            self.tables.woken.append(kind)

    def _wish(self, wish: Wish) -> None:
        if wish not in self.tables.wishes:
            self.tables.wishes.append(wish)
        self._wake(wish.kind)
