"""From what PostgreSQL refuses to what the application knows."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import psycopg

from application.ports.store import StoreUnavailable
from domain.account import AccountNotFound
from domain.cell import ExpertMoving
from domain.errors import DomainError
from domain.expert import ExpertNotFound
from domain.hold import TimeTaken

BY_CONSTRAINT: Mapping[str, type[DomainError]] = {
    "account_expert_fk": ExpertNotFound,
    "account_grant_account_fk": AccountNotFound,
    "calendar_account_fk": AccountNotFound,
    "calendar_settings_expert_fk": ExpertNotFound,
    "connection_attempt_expert_fk": ExpertNotFound,
    "consent_afresh_expert_fk": ExpertNotFound,
    "expert_elsewhere": ExpertMoving,
    "incident_account_fk": AccountNotFound,
    "pending_connection_expert_fk": ExpertNotFound,
    "reserved_time_overlap": TimeTaken,
    "session_expert_fk": ExpertNotFound,
}
"""What it means that a row's owner is not there, or that its time is another's.

The other constraints hold what callers can't break unless we err.
"""

PASSES_ALTHOUGH_INTERNAL = {
    "25006",  # read_only_sql_transaction: a replica that was not promoted yet
    "25P03",  # idle_in_transaction_session_timeout
    "25P04",  # transaction_timeout
}
"""SQLSTATEs of class 25 that say something of the server's state and not of what we asked.

psycopg raises the whole class as InternalError, since all others in it are faults of ours.
"""
STALE_PLAN = ("0A000", "RevalidateCachedQuery")
"""SQLSTATE, and where PostgreSQL raises it: a migration has added columns to a table since a statement that takes all
of them was prepared. psycopg forgets the statement by that, so each connection meets it once. Whatever else PostgreSQL
doesn't support is a fault of ours.
"""
LIMIT_EXCEEDED = "54"
"""The class of what is too large or too deep for PostgreSQL: an OperationalError of psycopg's that never passes."""


class StatementFailed(Exception):
    """PostgreSQL refused a statement, and nothing of it is done.

    `sharers` is how many calls it was run for: one of them may have spoiled it for all, and each may go alone.
    `meaning` is the domain error of the constraint, if it has one. Neither text nor cause repeats any value.
    """

    def __init__(self, sqlstate: str, *, meaning: type[DomainError] | None = None, sharers: int = 1) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate
        self.meaning = meaning
        self.sharers = sharers

    def shared_by(self, sharers: int) -> "StatementFailed":
        """One for each of the calls, since an exception that is raised twice tells of the wrong place."""
        return type(self)(self.sqlstate, meaning=self.meaning, sharers=sharers)


class StatementFailedForNow(StatementFailed, StoreUnavailable):
    """The same, and later it may pass."""


def statement_failed(error: psycopg.Error) -> StatementFailed:
    """What an error means that came instead of a statement's rows."""
    kind = StatementFailedForNow if _passes(error) else StatementFailed
    return kind(error.sqlstate or "", meaning=BY_CONSTRAINT.get(error.diag.constraint_name or ""))


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Raises the domain error of the constraint, StoreUnavailable, or what came when it is neither."""
    try:
        yield
    except psycopg.Error as exc:
        if (meaning := _meaning(exc)) is None:
            raise
        raise meaning from exc


def _meaning(error: psycopg.Error) -> Exception | None:
    if _passes(error):
        return StoreUnavailable()
    domain_error = BY_CONSTRAINT.get(error.diag.constraint_name or "")
    return None if domain_error is None else domain_error()


def _passes(error: psycopg.Error) -> bool:
    """Away, going down, full, timed out, deadlocked, migrated; the pool's own errors too."""
    state = error.sqlstate or ""
    if isinstance(error, psycopg.OperationalError):
        return not state.startswith(LIMIT_EXCEEDED)
    return state in PASSES_ALTHOUGH_INTERNAL or (state, error.diag.source_function) == STALE_PLAN
