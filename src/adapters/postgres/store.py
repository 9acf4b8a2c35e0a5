"""The unit of work in PostgreSQL: one transaction on one connection, and the repositories on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property

from psycopg.pq import TransactionStatus

from adapters.postgres.accounts import PostgresAccounts
from adapters.postgres.audit_log import PostgresAuditLog
from adapters.postgres.calendars import PostgresCalendars
from adapters.postgres.changes import PostgresChanges
from adapters.postgres.connection_attempts import PostgresConnectionAttempts
from adapters.postgres.errors import translated
from adapters.postgres.expert_records import PostgresExpertRecords
from adapters.postgres.experts import PostgresExperts
from adapters.postgres.incidents import PostgresIncidents
from adapters.postgres.jobs import PostgresJobs
from adapters.postgres.moved_experts import PostgresMovedExperts
from adapters.postgres.pending_connections import PostgresPendingConnections
from adapters.postgres.pool import Connection, Pool
from adapters.postgres.readings import PostgresReadings
from adapters.postgres.reserved_times import PostgresReservedTimes
from adapters.postgres.sessions import PostgresSessions
from adapters.postgres.subscriptions import PostgresSubscriptions
from adapters.postgres.workers import PostgresWorkers
from application.ports.audit_log import WhoActs
from application.ports.cipher import Cipher


@dataclass(frozen=True, kw_only=True)
class PostgresTransaction:
    connection: Connection
    cipher: Cipher
    who_acts: WhoActs

    @cached_property
    def experts(self) -> PostgresExperts:
        return PostgresExperts(connection=self.connection, cipher=self.cipher)

    @cached_property
    def accounts(self) -> PostgresAccounts:
        return PostgresAccounts(connection=self.connection, cipher=self.cipher)

    @cached_property
    def attempts(self) -> PostgresConnectionAttempts:
        return PostgresConnectionAttempts(connection=self.connection, cipher=self.cipher)

    @cached_property
    def pending(self) -> PostgresPendingConnections:
        return PostgresPendingConnections(connection=self.connection, cipher=self.cipher)

    @cached_property
    def calendars(self) -> PostgresCalendars:
        return PostgresCalendars(connection=self.connection, cipher=self.cipher)

    @cached_property
    def sessions(self) -> PostgresSessions:
        return PostgresSessions(connection=self.connection, cipher=self.cipher)

    @cached_property
    def incidents(self) -> PostgresIncidents:
        return PostgresIncidents(connection=self.connection, cipher=self.cipher)

    @cached_property
    def readings(self) -> PostgresReadings:
        return PostgresReadings(connection=self.connection)

    @cached_property
    def subscriptions(self) -> PostgresSubscriptions:
        return PostgresSubscriptions(connection=self.connection)

    @cached_property
    def reserved(self) -> PostgresReservedTimes:
        return PostgresReservedTimes(connection=self.connection)

    @cached_property
    def changes(self) -> PostgresChanges:
        return PostgresChanges(connection=self.connection)

    @cached_property
    def moved(self) -> PostgresMovedExperts:
        return PostgresMovedExperts(connection=self.connection)

    @cached_property
    def jobs(self) -> PostgresJobs:
        return PostgresJobs(connection=self.connection)

    @cached_property
    def workers(self) -> PostgresWorkers:
        return PostgresWorkers(connection=self.connection)

    @cached_property
    def records(self) -> PostgresExpertRecords:
        return PostgresExpertRecords(connection=self.connection, cipher=self.cipher)

    @cached_property
    def audit(self) -> PostgresAuditLog:
        return PostgresAuditLog(connection=self.connection, who_acts=self.who_acts)


class TransactionBroken(RuntimeError):
    """The block went on after a statement had failed: PostgreSQL would roll back where a commit is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresStore:
    pool: Pool
    cipher: Cipher
    who_acts: WhoActs

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresTransaction]:
        async with translated(), self.pool.connection() as connection, connection.transaction():
            yield PostgresTransaction(connection=connection, cipher=self.cipher, who_acts=self.who_acts)
            if connection.info.transaction_status is TransactionStatus.INERROR:
                raise TransactionBroken
