"""A fake of the store: one transaction at a time, which is kept or dropped as a whole."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from application.ports.store import StoreUnavailable
from tests.fakes.accounts import FakeAccounts
from tests.fakes.audit_log import FakeAuditLog, FakeWhoActs
from tests.fakes.calendars import FakeCalendars
from tests.fakes.census import FakeCensus
from tests.fakes.changes import FakeChangeFeed, FakeChanges
from tests.fakes.connection_attempts import FakeConnectionAttempts
from tests.fakes.expert_records import FakeExpertRecords
from tests.fakes.experts import FakeExperts
from tests.fakes.grant_vault import FakeGrantVault
from tests.fakes.incidents import FakeIncidents
from tests.fakes.jobs import FakeJobs
from tests.fakes.known_times import FakeKnownTimes, KeepingKnownTimes
from tests.fakes.moved_experts import FakeMovedExperts
from tests.fakes.new_sessions import FakeNewSessions
from tests.fakes.pending_connections import FakePendingConnections
from tests.fakes.readings import FakeReadings
from tests.fakes.reserved_times import FakeReservedTimes
from tests.fakes.sessions import FakeSessions
from tests.fakes.subscriptions import FakeSubscriptions
from tests.fakes.tables import Tables, Wish
from tests.fakes.unchanged_looks import FakeUnchangedLooks
from tests.fakes.workers import FakeWorkers


@dataclass(frozen=True, kw_only=True)
class FakeTransaction:
    experts: FakeExperts
    accounts: FakeAccounts
    attempts: FakeConnectionAttempts
    pending: FakePendingConnections
    calendars: FakeCalendars
    sessions: FakeSessions
    incidents: FakeIncidents
    readings: FakeReadings
    subscriptions: FakeSubscriptions
    reserved: FakeReservedTimes
    changes: FakeChanges
    moved: FakeMovedExperts
    jobs: FakeJobs
    workers: FakeWorkers
    audit: FakeAuditLog
    records: FakeExpertRecords


class FakeStore:
    """Transactions run one after the other, so whoever holds a lock holds everything.

    `vault`, `known_times`, `kept_times`, `new_sessions`, `census` and `feed` share the tables. Fake providers assert
    `not store.in_transaction`. With `away` set the database can't be reached; with
    `loses_answer` the next commit goes through and is never answered.
    """

    def __init__(self) -> None:
        self.tables = Tables()
        self.who_acts = FakeWhoActs()
        self.away = False
        self.loses_answer = False
        self.vault = FakeGrantVault(self._unit_of_work, self.who_acts)
        self.known_times = FakeKnownTimes(committed=self._reachable_tables)
        self.new_sessions = FakeNewSessions(self._unit_of_work)
        self.unchanged_looks = FakeUnchangedLooks(self._unit_of_work)
        self.kept_times = KeepingKnownTimes(committed=self._reachable_tables)
        self.census = FakeCensus(committed=self._reachable_tables)
        self.feed = FakeChangeFeed(committed=self._reachable_tables)
        self._turn = asyncio.Lock()
        self._current: ContextVar[Tables | None] = ContextVar("current", default=None)
        self._working_on: Tables | None = None

    @property
    def in_transaction(self) -> bool:
        """Whether the running task, or the one that started it, is inside a transaction of this store."""
        current = self._current.get()
        return current is not None and current is self._working_on

    @property
    def wishes(self) -> tuple[Wish, ...]:
        """Those that no claim has taken over yet, in the order in which they were made."""
        return tuple(self.tables.wishes)

    def take_woken(self) -> list[str]:
        """The kinds of work that workers were woken for since the last time, by committed transactions."""
        woken, self.tables.woken = self.tables.woken, []
        return woken

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[FakeTransaction]:
        async with self._unit_of_work() as tables:
            yield FakeTransaction(
                experts=FakeExperts(tables),
                accounts=FakeAccounts(tables),
                attempts=FakeConnectionAttempts(tables),
                pending=FakePendingConnections(tables),
                calendars=FakeCalendars(tables),
                sessions=FakeSessions(tables),
                incidents=FakeIncidents(tables),
                readings=FakeReadings(tables),
                subscriptions=FakeSubscriptions(tables),
                reserved=FakeReservedTimes(tables),
                changes=FakeChanges(tables),
                moved=FakeMovedExperts(tables),
                jobs=FakeJobs(tables),
                workers=FakeWorkers(tables),
                audit=FakeAuditLog(tables, self.who_acts),
                records=FakeExpertRecords(tables),
            )

    @asynccontextmanager
    async def _unit_of_work(self) -> AsyncIterator[Tables]:
        """Tables to work on, which become the store's on a clean exit."""
        assert not self.in_transaction, "a transaction inside another one would wait for itself"
        if self.away:
            raise StoreUnavailable
        async with self._turn:
            tables = self.tables.copied()
            tables.transaction += 1
            self._working_on = tables
            token = self._current.set(tables)
            try:
                yield tables
                erased = self.tables.experts.keys() - tables.experts.keys()
                self.tables = tables
                for expert_id in erased:
                    self.feed.erased(expert_id)
                self.feed.wake()
                if self.loses_answer:
                    self.loses_answer = False
                    raise StoreUnavailable
            finally:
                self._current.reset(token)
                self._working_on = None

    def _reachable_tables(self) -> Tables:
        if self.away:
            raise StoreUnavailable
        return self.tables
