"""Stores to test on: the fake one and the one in PostgreSQL behind the same handle."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from adapters.crypto.cipher import KeyRing
from adapters.postgres.grant_vault import PostgresGrantVault
from adapters.postgres.job_queue import job_app
from adapters.postgres.pool import Pool, open_pool
from adapters.postgres.store import PostgresStore
from application.ports.grant_vault import GrantVault
from application.ports.store import Store, Transaction
from domain.expert import Expert
from domain.ids import AccountId, ExpertId, IncidentId, SessionId
from tests.builders import an_expert
from tests.fakes.store import FakeStore
from tests.fakes.tables import Job, NotifyExpert, RefreshCalendars, WriteSession


class Kept(Protocol):
    """A store under test, its vault, and a look at what neither shows."""

    @property
    def store(self) -> Store: ...

    @property
    def vault(self) -> GrantVault: ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]: ...

    async def jobs(self) -> tuple[Job, ...]:
        """The jobs that exist, in the order in which they were queued."""
        ...


@dataclass(frozen=True, kw_only=True)
class KeptByFake:
    store: FakeStore

    @property
    def vault(self) -> GrantVault:
        return self.store.vault

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.store.transaction()

    async def jobs(self) -> tuple[Job, ...]:
        return self.store.jobs


@dataclass(frozen=True, kw_only=True)
class KeptByPostgres:
    store: PostgresStore
    vault: PostgresGrantVault
    pool: Pool

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.store.transaction()

    async def jobs(self) -> tuple[Job, ...]:
        rows = await self.rows("SELECT * FROM procrastinate_jobs ORDER BY id")
        return tuple(_job(row) for row in rows)

    async def rows(self, query: str, **arguments: object) -> list[dict[str, object]]:
        async with self.pool.connection() as connection:
            cursor = await connection.execute(query.encode(), arguments)
            return await cursor.fetchall()


def _job(row: dict[str, object]) -> Job:
    at = row["scheduled_at"]
    match row["queue_name"], row["task_name"], row["args"]:
        case "writes", "write_session", {"expert_id": expert_id, "session_id": session_id, **rest} if (
            not rest
        ):
            return WriteSession(ExpertId(expert_id), SessionId(session_id), at)  # type: ignore[arg-type]
        case "mails", "notify_expert", {"incident_id": incident_id, **rest} if not rest:
            return NotifyExpert(IncidentId(incident_id), at)  # type: ignore[arg-type]
        case "calendars", "refresh_calendars", {"account_id": account_id, **rest} if not rest:
            return RefreshCalendars(AccountId(account_id), at)  # type: ignore[arg-type]
    raise AssertionError(row)


@asynccontextmanager
async def kept_by_postgres(dsn: str, *, at_once: int = 1) -> AsyncIterator[KeptByPostgres]:
    """`at_once` transactions begin without waiting for a new connection, so that they really overlap."""
    cipher = KeyRing({"test": bytes(range(32))})
    async with open_pool(dsn, min_size=at_once, max_size=8) as pool:
        yield KeptByPostgres(
            store=PostgresStore(pool=pool, cipher=cipher, job_app=job_app()),
            vault=PostgresGrantVault(pool=pool, cipher=cipher),
            pool=pool,
        )


async def put_expert(kept: Kept, *experts: Expert) -> None:
    """Store these experts, or the default one."""
    async with kept.transaction() as tx:
        for expert in experts or (an_expert(),):
            await tx.experts.put(expert)
