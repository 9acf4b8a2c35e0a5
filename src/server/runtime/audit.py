"""The audit log as the command line reads it, page by page, beside the processes that serve."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final

import psycopg

from adapters.postgres.audit_log import PostgresAuditLog
from adapters.postgres.errors import translated
from adapters.postgres.pool import open_pool
from application.ports.store import StoreUnavailable
from domain.audit import AuditEntry, AuditPosition
from domain.ids import ExpertId
from server.acting import who_acts
from server.runtime.process_failed import ProcessFailed
from server.runtime.resources import UNREACHABLE, require_database
from server.runtime.settings import Settings

PAGE: Final = 1000


async def kept_entries(
    settings: Settings,
    *,
    of: ExpertId | None,
    subject: str | None,
    since: datetime | None,
    until: datetime | None,
) -> AsyncIterator[AuditEntry]:
    """In order, and only those that are asked for. Raises ProcessFailed."""
    dsn = settings.database_url.get_secret_value()
    await require_database(dsn)
    # What happened in this very instant is beyond the position before it.
    after = None if since is None else AuditPosition(since - timedelta(microseconds=1), 2**63 - 1)
    try:
        async with open_pool(dsn, min_size=1, max_size=1, cell=settings.cell) as pool:
            while True:
                async with translated(), pool.connection() as connection:
                    log = PostgresAuditLog(connection=connection, who_acts=who_acts)
                    page = await log.page(of=of, subject=subject, after=after, until=until, limit=PAGE)
                for entry in page:
                    yield entry
                if len(page) < PAGE:
                    return
                after = page[-1].position
    except StoreUnavailable:
        raise ProcessFailed(UNREACHABLE) from None
    except psycopg.errors.UndefinedTable:
        raise ProcessFailed(
            "the database's schema is older than this program: `calendarsync migrate`"
        ) from None
    except psycopg.DataError:
        raise ProcessFailed("no subject of the audit log has such a name") from None
