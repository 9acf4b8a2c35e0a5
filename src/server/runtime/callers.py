"""What the command line needs to manage callers, opened by itself; and the look that keeps a process up to date."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg

from adapters.postgres.callers import PostgresCredentials
from adapters.postgres.clock import open_clock
from adapters.postgres.pool import open_pool
from application.callers.add_credential import AddCredential
from application.callers.list_credentials import ListCredentials
from application.callers.revoke_credential import RevokeCredential
from application.ports.store import StoreUnavailable
from server.runtime.id_source import RandomIds
from server.runtime.resources import UNREACHABLE, ProcessFailed, require_database
from server.runtime.settings import Settings


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
