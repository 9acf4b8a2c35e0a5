"""Whether the database can be reached at all, asked once before anything else is opened."""

import asyncio
from datetime import timedelta
from typing import Final

import psycopg
from psycopg import AsyncConnection

from adapters.postgres.dsn import Refusal, refusal_in
from adapters.postgres.pool import CONNECT_TIMEOUT, set_up
from application.ports.store import StoreUnavailable

ASK_AGAIN_SECONDS: Final = 0.5


class DatabaseUnreachable(StoreUnavailable):
    """No connection, and why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


async def require_reachable(
    dsn: str,
    *,
    cell: str | None = None,
    patience: timedelta = timedelta(seconds=10),
    connect_timeout: timedelta = CONNECT_TIMEOUT,
) -> None:
    """And, where it is named, whether the cell is there.

    Raises DatabaseUnreachable: at once for what waiting can't mend, for the rest when `patience` is over."""
    loop = asyncio.get_running_loop()
    latest = loop.time() + patience.total_seconds()
    while (refusal := await _refusal(dsn, cell, connect_timeout)) is not None:
        if not refusal.passes or loop.time() + ASK_AGAIN_SECONDS > latest:
            raise DatabaseUnreachable(refusal)
        await asyncio.sleep(ASK_AGAIN_SECONDS)


async def _refusal(dsn: str, cell: str | None, connect_timeout: timedelta) -> Refusal | None:
    try:
        async with await AsyncConnection.connect(
            dsn, autocommit=True, connect_timeout=int(connect_timeout.total_seconds())
        ) as connection:
            if cell is not None:
                await set_up(connection, cell, {})
                return None
            cursor = await connection.execute("SELECT pg_is_in_recovery()")
            return Refusal.STANDBY if await cursor.fetchone() == (True,) else None
    except psycopg.Error as error:
        return refusal_in(error)
