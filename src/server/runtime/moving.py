"""What the command line needs to move an expert to another cell, opened by itself."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Final

import psycopg

from adapters.crypto import KeyRing
from adapters.postgres.errors import translated
from adapters.postgres.keys.key_holders import KeysUnfit, hold_keys
from adapters.postgres.moving.arrivals import PostgresArrivals
from adapters.postgres.moving.departures import PostgresDepartures
from adapters.postgres.pool import Pool, open_pool
from application.cells.move_expert import MoveExpert
from application.ports.cipher import SealBroken, UnknownKey
from application.ports.store import StoreUnavailable
from server.runtime.id_source import RandomIds
from server.runtime.process_failed import ProcessFailed
from server.runtime.resources import UNREACHABLE, require_database
from server.runtime.settings import Settings
from server.tasks import task_for_good

PATIENCE: Final = timedelta(minutes=2)
"""For workers to end what they are at: a claim lasts no longer, whoever died with it."""


@asynccontextmanager
async def moving(settings: Settings, *, to_cell: str) -> AsyncIterator[MoveExpert]:
    """From the cell of the settings. Raises ProcessFailed, for the block as well."""
    here = settings.database_url.get_secret_value()
    there = settings.to_database_url.get_secret_value() if settings.to_database_url else here
    keys = settings.encryption_keys
    async with AsyncExitStack() as stack:
        try:
            pool, ring = await _opened(stack, here, settings.cell, keys.get_secret_value())
            departures = PostgresDepartures(pool=pool, cipher=ring)
            pool, ring = await _opened(
                stack, there, to_cell, (settings.to_encryption_keys or keys).get_secret_value()
            )
            arrivals = PostgresArrivals(pool=pool, cipher=ring)
            async with translated():
                yield MoveExpert(here=departures, there=arrivals, ids=RandomIds(), patience=PATIENCE)
        except StoreUnavailable:
            raise ProcessFailed(
                f"{UNREACHABLE} any more, or the other cell's: run the command again"
            ) from None
        except psycopg.errors.UndefinedTable:
            raise ProcessFailed(
                "a cell's schema is older than this program, or not there: `calendarsync migrate`"
            ) from None
        except (SealBroken, UnknownKey):
            raise ProcessFailed("a cell's keys don't open what is there") from None


async def _opened(stack: AsyncExitStack, dsn: str, cell: str, keys: str) -> tuple[Pool, KeyRing]:
    """The keys are shown to be in use, so that none of them is forgotten meanwhile."""
    await require_database(dsn, cell=cell)
    pool = await stack.enter_async_context(open_pool(dsn, min_size=1, max_size=2, cell=cell))
    ring = KeyRing.parse(keys)
    try:
        held = await hold_keys(pool, ring)
    except KeysUnfit as unfit:
        raise ProcessFailed(f"the keys of the cell {cell}: {unfit}") from None
    stack.push_async_callback(held.release)
    await stack.enter_async_context(task_for_good(held.keep(), name="keys"))
    return pool, ring
