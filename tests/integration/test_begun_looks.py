"""What a look knows of its calendar when it begins, where another one is just ending."""

import asyncio

from domain.reading import BegunLook
from tests.builders import CALENDAR, a_reading, after, an_interval
from tests.support.kept_readings import FAR_FUTURE, begin_reading, store_reading
from tests.support.stores import KeptByPostgres, put_conflict_calendars


async def _somebody_waits(kept: KeptByPostgres) -> None:
    async with asyncio.timeout(5):
        while not await kept.rows(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ):
            await asyncio.sleep(0)


async def test_a_look_that_waited_for_another_goes_by_what_that_one_found(kept: KeptByPostgres) -> None:
    """Or it would take what was stored before for what is stored now, and find nothing new where there is."""
    await put_conflict_calendars(kept)
    first = a_reading(busy=[an_interval()])
    await store_reading(kept, await begin_reading(kept), first)
    second = a_reading(read_at=after(minutes=1), busy=[an_interval(hours=3)])
    task = await begin_reading(kept)

    async def begin() -> BegunLook | None:
        async with kept.transaction() as tx:
            return await tx.readings.begin(CALENDAR, now=after(minutes=2), until=after(minutes=4))

    async with kept.transaction() as tx:
        await tx.readings.lock(CALENDAR)
        assert await tx.readings.store(task, second, due_at=after(minutes=9), now=FAR_FUTURE)
        beginning = asyncio.create_task(begin())
        await _somebody_waits(kept)
    begun = await beginning
    assert begun is not None
    assert begun.task.previous == second
