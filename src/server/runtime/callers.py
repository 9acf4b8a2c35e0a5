"""Callers in a running process, kept up to date; and what the command line needs to manage them, opened by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import psycopg
import structlog

from adapters.postgres.callers import PostgresCredentials
from adapters.postgres.clock import open_clock
from adapters.postgres.pool import Pool, open_pool
from application.callers.add_credential import AddCredential
from application.callers.known_callers import KnownCallers
from application.callers.list_credentials import ListCredentials
from application.callers.revoke_credential import RevokeCredential
from application.ports.clock import Clock
from application.ports.store import StoreUnavailable
from server.logs import described
from server.runtime.id_source import RandomIds
from server.runtime.process_failed import ProcessFailed
from server.runtime.resources import UNREACHABLE, require_database
from server.runtime.settings import Settings
from server.tasks import task_for_good

LOOK_EVERY: Final = timedelta(seconds=2)
"""How soon a new credential is valid, and a revoked one is not, in this process."""
LOOK_WITHIN: Final = timedelta(seconds=10)
log = structlog.stdlib.get_logger("server.callers")


@asynccontextmanager
async def open_known_callers(
    pool: Pool, clock: Clock, *, look_every: timedelta = LOOK_EVERY
) -> AsyncIterator[KnownCallers]:
    """Raises StoreUnavailable when they can't be looked up at the start."""
    known = KnownCallers(credentials=PostgresCredentials(pool=pool), clock=clock)
    await known.refresh()
    async with task_for_good(_follow(known, look_every), name="known callers"):
        yield known


async def _follow(known: KnownCallers, look_every: timedelta) -> None:
    while True:
        await asyncio.sleep(look_every.total_seconds())
        try:
            await known.refresh(within=LOOK_WITHIN)
        except StoreUnavailable:
            log.warning("the credentials of callers can't be looked up, and are trusted for a minute at most")
        except Exception as error:  # noqa: BLE001 - an outermost loop
            log.error("the credentials of callers can't be looked up", **described(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedCallers:
    add: AddCredential
    list: ListCredentials
    revoke: RevokeCredential


@asynccontextmanager
async def managed_callers(settings: Settings) -> AsyncIterator[ManagedCallers]:
    """Raises ProcessFailed, for the block as well."""
    dsn = settings.database_url.get_secret_value()
    await require_database(dsn)
    try:
        async with open_pool(dsn, min_size=1, max_size=1, cell=settings.cell) as pool:
            credentials, clock = PostgresCredentials(pool=pool), await open_clock(pool)
            yield ManagedCallers(
                add=AddCredential(credentials=credentials, clock=clock, ids=RandomIds()),
                list=ListCredentials(credentials=credentials, clock=clock),
                revoke=RevokeCredential(credentials=credentials, clock=clock),
            )
    except StoreUnavailable:
        raise ProcessFailed(UNREACHABLE) from None
    except psycopg.errors.UndefinedTable:
        raise ProcessFailed(
            "the database's schema is older than this program: `calendarsync migrate`"
        ) from None
