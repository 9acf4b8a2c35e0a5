"""A repository's readings, each step in a transaction of its own."""

from domain.ids import CalendarId
from domain.reading import ReadingTask, StoredReading
from tests.builders import CALENDAR, after
from tests.support.claims import due_readings
from tests.support.stores import Kept

LONG_AGO = after(days=-10_000)
FAR_FUTURE = after(days=10_000)


async def begin_reading(kept: Kept, calendar_id: CalendarId = CALENDAR) -> ReadingTask:
    async with kept.transaction() as tx:
        task = await tx.readings.task(calendar_id)
    assert task is not None
    return task


async def store_reading(kept: Kept, task: ReadingTask, reading: StoredReading, *, due: float = 60) -> bool:
    """`due` is in minutes after NOW."""
    async with kept.transaction() as tx:
        return await tx.readings.store(task, reading, due_at=after(minutes=due), now=FAR_FUTURE)


async def due_calendars(kept: Kept, *, minutes: float = 0) -> tuple[CalendarId, ...]:
    return await due_readings(kept, after(minutes=minutes))
