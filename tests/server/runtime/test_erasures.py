"""That a process lets go of what it knew of an expert whom another process erased."""

import asyncio
from datetime import timedelta

from domain.interval import Interval
from server.runtime.resources import open_resources
from tests.builders import EXPERT
from tests.server.runtime.test_process import process_settings
from tests.support.stores import kept_by_postgres, put_expert


async def test_whoever_is_erased_elsewhere_is_forgotten_here(dsn: str) -> None:
    async with (
        open_resources(process_settings(dsn), public_url="http://127.0.0.1:9") as resources,
        kept_by_postgres(dsn) as elsewhere,
    ):
        await put_expert(elsewhere)
        now = resources.container.clock().now()
        window = Interval(now, now + timedelta(hours=1))
        known = (await resources.container.known_times().of([EXPERT], window, now=now))[EXPERT]
        assert known.workings is not None
        known.workings.whole = "worked out"
        async with elsewhere.transaction() as tx:
            await tx.experts.remove(EXPERT)
        async with asyncio.timeout(20):
            while known.workings.whole is not None:
                await elsewhere.rows("SELECT 1 AS one")  # lets the feed have its turn
