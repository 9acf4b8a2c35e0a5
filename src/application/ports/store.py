"""The unit of work: everything read and written in it happens at once or not at all."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from application.ports.accounts import Accounts
from application.ports.audit_log import AuditLog
from application.ports.calendars import Calendars
from application.ports.changes import Changes
from application.ports.connection_attempts import ConnectionAttempts
from application.ports.expert_records import ExpertRecords
from application.ports.experts import Experts
from application.ports.incidents import Incidents
from application.ports.jobs import Jobs
from application.ports.moved_experts import MovedExperts
from application.ports.pending_connections import PendingConnections
from application.ports.readings import Readings
from application.ports.reserved_times import ReservedTimes
from application.ports.sessions import Sessions
from application.ports.subscriptions import Subscriptions
from application.ports.workers import Workers


class StoreUnavailable(Exception):
    """The database can't be reached or can't take more now; trying again later helps. Says nothing about the data."""


class Transaction(Protocol):
    """One unit of work. Workers are woken by it only if it commits."""

    @property
    def experts(self) -> Experts: ...

    @property
    def accounts(self) -> Accounts: ...

    @property
    def attempts(self) -> ConnectionAttempts: ...

    @property
    def pending(self) -> PendingConnections: ...

    @property
    def calendars(self) -> Calendars: ...

    @property
    def sessions(self) -> Sessions: ...

    @property
    def incidents(self) -> Incidents: ...

    @property
    def readings(self) -> Readings: ...

    @property
    def subscriptions(self) -> Subscriptions: ...

    @property
    def reserved(self) -> ReservedTimes: ...

    @property
    def changes(self) -> Changes: ...

    @property
    def moved(self) -> MovedExperts: ...

    @property
    def jobs(self) -> Jobs: ...

    @property
    def workers(self) -> Workers: ...

    @property
    def audit(self) -> AuditLog: ...

    @property
    def records(self) -> ExpertRecords: ...


class Store(Protocol):
    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commits on a clean exit, rolls back on an exception. The network is never awaited inside.

        Raises StoreUnavailable. It, and what a repository raises because the owner of a new row is gone, may come out
        of the block as a whole instead of the call: catch them around the block, not in it.
        """
        ...
