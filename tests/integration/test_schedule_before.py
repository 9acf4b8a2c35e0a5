"""Processes of a version before, which know no schedule beside the reading, at work on the same database.

Their statements are repeated here as they were.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from adapters.postgres.pool import Connection
from adapters.postgres.spans import spans_to_value
from domain.reading import StoredReading
from tests.builders import (
    CALENDAR,
    EXPERT,
    NOW,
    a_reading,
    a_reading_task,
    a_session,
    after,
    an_interval,
)
from tests.support.kept_readings import begin_reading, due_calendars, store_reading
from tests.support.stores import KeptByPostgres, put_conflict_calendars

LEASE = "UPDATE reading SET due_at = %(until)s WHERE calendar_id = %(calendar_id)s AND marks = %(marks)s"
LOCK = "SELECT * FROM reading WHERE calendar_id = %(calendar_id)s FOR UPDATE"
STORE = """
    UPDATE reading
    SET window_start = %(window_start)s, window_end = %(window_end)s, read_at = %(read_at)s, zone = %(zone)s,
        busy = %(busy)s, deviations = %(deviations)s, failures = 0,
        due_at = CASE WHEN marks > %(marks)s THEN least(due_at, %(read_at)s) ELSE %(due_at)s END
    WHERE calendar_id = %(calendar_id)s AND (read_at IS NULL OR read_at <= %(read_at)s OR read_at > %(now)s)
    """
FAILED = """
    UPDATE reading SET failures = failures + 1, due_at = %(due_at)s
    WHERE calendar_id = %(calendar_id)s AND failures = %(failures)s AND read_at IS NOT DISTINCT FROM %(read_at)s
    """
SPARE = """
    UPDATE reading SET due_at = %(until)s
    FROM (
        SELECT calendar_id FROM reading JOIN calendar USING (calendar_id)
        WHERE account_id = %(account_id)s AND due_at < %(until)s
        ORDER BY calendar_id
        FOR NO KEY UPDATE OF reading
    ) AS early
    WHERE reading.calendar_id = early.calendar_id
    """
MARK = """
    UPDATE reading SET marks = nextval('reading_mark'), due_at = least(due_at, %(now)s)
    WHERE calendar_id = %(calendar_id)s
    """
TAKEN = an_interval(starts=30)


async def _execute(kept: KeptByPostgres, statement: str, **given: Any) -> int:
    """How many rows the process of the version before believes to have written."""
    async with kept.pool.connection() as connection:
        cursor = await connection.execute(statement.encode(), {"calendar_id": CALENDAR} | given)
        return cursor.rowcount


@asynccontextmanager
async def _transaction(kept: KeptByPostgres) -> AsyncIterator[Connection]:
    async with kept.pool.connection() as connection, connection.transaction():
        yield connection


async def _old_marks(kept: KeptByPostgres) -> int:
    (row,) = await kept.rows("SELECT marks FROM reading")
    marks = row["marks"]
    assert isinstance(marks, int)
    return marks


async def _clock(kept: KeptByPostgres) -> datetime:
    """The trigger's, which refuses what is older than a look that was not timed by a wrong clock."""
    (row,) = await kept.rows("SELECT clock_timestamp() AS now")
    now = row["now"]
    assert isinstance(now, datetime)
    return now


def _row(reading: StoredReading, *, marks: int, due_at: datetime) -> dict[str, Any]:
    return {
        "window_start": reading.window.start,
        "window_end": reading.window.end,
        "read_at": reading.read_at,
        "zone": reading.rule.zone,
        "busy": spans_to_value(reading.busy),
        "deviations": None,
        "marks": marks,
        "due_at": due_at,
        "now": after(seconds=1),
    }


async def _known(kept: KeptByPostgres) -> StoredReading | None:
    known = await kept.known_times.of([EXPERT], an_interval(), now=NOW)
    (calendar,) = known[EXPERT].calendars
    return calendar.reading


async def test_its_look_counts_for_newer_processes(kept: KeptByPostgres) -> None:
    await put_conflict_calendars(kept)
    reading = a_reading(busy=[TAKEN], read_at=NOW)
    assert (
        await _execute(kept, STORE, **_row(reading, marks=await _old_marks(kept), due_at=after(minutes=5)))
        == 1
    )
    assert await _known(kept) == reading
    assert await due_calendars(kept, minutes=4.9) == ()
    assert await due_calendars(kept, minutes=5) == (CALENDAR,)


async def test_its_older_look_is_refused_over_a_newer_one_and_it_is_told_so(kept: KeptByPostgres) -> None:
    await put_conflict_calendars(kept)
    now = await _clock(kept)
    first = a_reading(busy=[TAKEN], read_at=now - timedelta(minutes=9))
    await store_reading(kept, await begin_reading(kept), first)
    confirmed = a_reading(busy=[TAKEN], read_at=now - timedelta(minutes=1))
    await store_reading(kept, await begin_reading(kept), confirmed)
    looked = a_reading(read_at=now - timedelta(minutes=5))
    older = _row(looked, marks=await _old_marks(kept), due_at=now) | {"now": now}
    assert await _execute(kept, STORE, **older) == 0
    assert await _known(kept) == confirmed


async def test_it_finds_what_newer_processes_found_and_never_as_newer_than_it_is(
    kept: KeptByPostgres,
) -> None:
    await put_conflict_calendars(kept)
    for minutes in (-9, -1):
        reading = a_reading(busy=[TAKEN], read_at=after(minutes=minutes))
        await store_reading(kept, await begin_reading(kept), reading)
    (row,) = await kept.rows("SELECT read_at, busy FROM reading")
    assert row == {"read_at": after(minutes=-9), "busy": spans_to_value(a_reading(busy=[TAKEN]).busy)}


async def test_its_mark_during_a_newer_processs_look_asks_for_another(kept: KeptByPostgres) -> None:
    await put_conflict_calendars(kept)
    task = await begin_reading(kept)
    await _execute(kept, MARK, now=NOW)
    assert await store_reading(kept, task, a_reading(), due=5)
    assert await due_calendars(kept) == (CALENDAR,)


async def test_a_mark_of_a_newer_process_outlives_its_look(kept: KeptByPostgres) -> None:
    await put_conflict_calendars(kept)
    marks = await _old_marks(kept)
    await _execute(kept, LEASE, until=after(minutes=2), marks=marks)
    async with kept.transaction() as tx:
        assert await tx.readings.mark(CALENDAR, NOW)
    assert await _execute(kept, STORE, **_row(a_reading(), marks=marks, due_at=after(minutes=5))) == 1
    assert await due_calendars(kept) == (CALENDAR,)
    await store_reading(kept, await begin_reading(kept), a_reading(), due=5)
    assert await due_calendars(kept) == ()


async def test_what_it_reads_is_left_to_it(kept: KeptByPostgres) -> None:
    await put_conflict_calendars(kept)
    await _execute(kept, LEASE, until=after(minutes=2), marks=await _old_marks(kept))
    assert await due_calendars(kept, minutes=1.9) == ()
    assert await due_calendars(kept, minutes=2) == (CALENDAR,)


async def test_its_failure_and_the_pause_it_takes_count(kept: KeptByPostgres) -> None:
    await put_conflict_calendars(kept)
    await _execute(kept, FAILED, failures=0, read_at=None, due_at=after(minutes=3))
    assert (await begin_reading(kept)).failures == 1
    assert await due_calendars(kept, minutes=2.9) == ()
    await _execute(kept, SPARE, account_id=a_reading_task().account_id, until=after(minutes=8))
    assert await due_calendars(kept, minutes=7.9) == ()
    assert await due_calendars(kept, minutes=8) == (CALENDAR,)


async def test_its_failure_is_no_news_when_a_newer_process_has_read_since(kept: KeptByPostgres) -> None:
    await put_conflict_calendars(kept)
    now = await _clock(kept)
    reading = a_reading(read_at=now)
    await store_reading(kept, await begin_reading(kept), reading, due=60)
    await _execute(kept, FAILED, failures=0, read_at=now, due_at=after(minutes=3))
    assert (await begin_reading(kept)).failures == 0
    assert await due_calendars(kept, minutes=59) == ()


async def test_what_it_chooses_is_planned_and_what_it_drops_is_not(kept: KeptByPostgres) -> None:
    await put_conflict_calendars(kept, "one", "other")
    choose = "UPDATE calendar_settings SET conflict_calendar_ids = %(chosen)s, version = version + 1"
    await _execute(kept, choose, chosen=["other"])
    assert await kept.rows("SELECT expert_id, calendar_id, readable FROM reading_schedule") == [
        {"expert_id": EXPERT, "calendar_id": "other", "readable": True}
    ]
    await _execute(kept, choose, chosen=["one", "other"])
    assert await due_calendars(kept) == ("one", "other")


async def test_an_account_that_it_finds_lost_is_not_due(kept: KeptByPostgres) -> None:
    await put_conflict_calendars(kept)
    await _execute(kept, "UPDATE account SET status = 'RECONNECT_REQUIRED'")
    assert await due_calendars(kept) == ()
    await _execute(kept, "UPDATE account SET status = 'ACTIVE'")
    assert await due_calendars(kept) == (CALENDAR,)
    await _execute(kept, "UPDATE calendar SET missing = true")
    assert await due_calendars(kept) == ()


async def test_its_look_and_a_newer_processs_booking_see_each_other(kept: KeptByPostgres) -> None:
    await put_conflict_calendars(kept)
    marks = await _old_marks(kept)
    found: list[Any] = []

    async def book() -> None:
        async with kept.transaction() as tx:
            await tx.sessions.add(a_session())
            found.extend(await tx.readings.overlapping(EXPERT, an_interval()))

    taken = _row(a_reading(busy=[an_interval()]), marks=marks, due_at=after(minutes=5))
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks, _transaction(kept) as connection:
        await connection.execute(LOCK, {"calendar_id": CALENDAR})
        await connection.execute(STORE, {"calendar_id": CALENDAR} | taken)
        tasks.create_task(book())
        await _somebody_waits(kept)
    assert [calendar_id for _, calendar_id in found] == [CALENDAR]


async def test_its_look_waits_for_a_newer_processs_booking(kept: KeptByPostgres) -> None:
    await put_conflict_calendars(kept)
    taken = _row(a_reading(busy=[an_interval()]), marks=await _old_marks(kept), due_at=after(minutes=5))
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks, kept.transaction() as tx:
        await tx.sessions.add(a_session())
        assert await tx.readings.overlapping(EXPERT, an_interval()) == ()
        tasks.create_task(_execute(kept, STORE, **taken))
        await _somebody_waits(kept)


async def _somebody_waits(kept: KeptByPostgres) -> None:
    async with asyncio.timeout(10):
        while not await kept.rows(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ):
            pass
