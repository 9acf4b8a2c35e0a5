"""Whether tentative events block, while it changes: beside looks under way, and processes of the version before.

Those know of time zones and no other rule. Their statements are repeated here as they were.
"""

import asyncio
from dataclasses import replace

from adapters.postgres.spans import spans_to_value
from application.calendars.update_calendar_settings import UpdateCalendarSettings
from application.ports.unchanged_looks import UnchangedLook
from domain.reading import StoredReading
from tests.builders import CALENDAR, EXPERT, NOW, a_reading, after, an_interval
from tests.fakes.clock import MovableClock
from tests.support.kept_readings import begin_reading, store_reading
from tests.support.looks import begin_look
from tests.support.stores import KeptByPostgres, put_conflict_calendars

TAKEN = an_interval(starts=30)
SLOT = an_interval()
ITS_STORE = """
    UPDATE reading
    SET window_start = %(window_start)s, window_end = %(window_end)s, read_at = %(read_at)s, zone = %(zone)s,
        busy = %(busy)s, deviations = %(deviations)s
    WHERE calendar_id = %(calendar_id)s AND (window_start, window_end, zone, busy, deviations)
        IS DISTINCT FROM (%(window_start)s, %(window_end)s, %(zone)s, %(busy)s, %(deviations)s)
    """
ITS_END = (
    "UPDATE reading_schedule SET read_at = %(read_at)s, begun_at = NULL WHERE calendar_id = %(calendar_id)s"
)
ITS_QUESTION = "SELECT zone = time_zone AS counts FROM reading JOIN expert USING (expert_id)"


async def _block(kept: KeptByPostgres, wanted: bool, *, now: float = 1) -> None:
    update = UpdateCalendarSettings(store=kept, clock=MovableClock(after(minutes=now)))
    await update(EXPERT, tentative_blocks=wanted)


async def _it_stores(kept: KeptByPostgres, reading: StoredReading) -> None:
    """A process of the version before, that looked."""
    given = {
        "calendar_id": reading.calendar_id,
        "window_start": reading.window.start,
        "window_end": reading.window.end,
        "read_at": reading.read_at,
        "zone": reading.rule.zone,
        "busy": spans_to_value(reading.busy),
        "deviations": None,
    }
    async with kept.pool.connection() as connection, connection.transaction():
        await connection.execute(ITS_END, given)
        await connection.execute(ITS_STORE.encode(), given)


async def _counts_for_it(kept: KeptByPostgres) -> bool:
    (row,) = await kept.rows(ITS_QUESTION)
    return bool(row["counts"])


async def _counts(kept: KeptByPostgres) -> bool:
    """For a process of this version."""
    known = (await kept.kept_times.of([EXPERT], SLOT, now=NOW))[EXPERT]
    (calendar,) = known.calendars
    assert calendar.reading is not None
    return calendar.reading.counts(SLOT, not_before=NOW, now=after(minutes=5), rule=known.rule)


async def test_what_the_version_before_reads_counts_for_nobody_as_long_as_tentative_events_block(
    kept: KeptByPostgres,
) -> None:
    await put_conflict_calendars(kept)
    await _it_stores(kept, a_reading(busy=[TAKEN]))
    assert (await _counts(kept), await _counts_for_it(kept)) == (True, True)

    await _block(kept, True)
    assert (await _counts(kept), await _counts_for_it(kept)) == (False, False)
    for minutes in (2, 3):
        await _it_stores(kept, a_reading(busy=[TAKEN], read_at=after(minutes=minutes)))
        assert (await _counts(kept), await _counts_for_it(kept)) == (False, False)

    await _block(kept, False)
    assert (await _counts(kept), await _counts_for_it(kept)) == (False, False)
    await _it_stores(kept, a_reading(busy=[TAKEN], read_at=after(minutes=4)))
    assert (await _counts(kept), await _counts_for_it(kept)) == (True, True)


async def test_what_this_version_reads_under_the_rule_is_of_another_zone_for_the_version_before(
    kept: KeptByPostgres,
) -> None:
    await put_conflict_calendars(kept)
    await _block(kept, True)
    task = await begin_reading(kept)
    reading = a_reading(busy=[SLOT, TAKEN], read_at=after(minutes=2), tentative_blocks=True)
    assert task.rule == reading.rule
    assert await store_reading(kept, task, reading)
    assert (await _counts(kept), await _counts_for_it(kept)) == (True, False)

    await _it_stores(kept, a_reading(busy=[TAKEN], read_at=after(minutes=3)))
    assert (await _counts(kept), await _counts_for_it(kept)) == (False, False)


async def test_its_choices_leave_the_setting_as_it_is(kept: KeptByPostgres) -> None:
    await put_conflict_calendars(kept)
    await _block(kept, True)
    async with kept.pool.connection() as connection:
        await connection.execute(
            "UPDATE calendar_settings SET conflict_calendar_ids = '{}', write_calendar_id = NULL, version = version + 1"
        )
    async with kept.transaction() as tx:
        assert (await tx.calendars.settings(EXPERT)).tentative_blocks


async def _has_to_be_read(kept: KeptByPostgres) -> bool:
    (row,) = await kept.rows("SELECT due_at, marks > seen_marks AS marked FROM reading_schedule")
    return row["due_at"] <= after(minutes=1) and bool(row["marked"])  # type: ignore[operator]


async def _somebody_waits(kept: KeptByPostgres) -> None:
    async with asyncio.timeout(5):
        while not await kept.rows(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ):
            pass


async def test_a_look_that_ends_while_the_setting_changes_counts_no_more(kept: KeptByPostgres) -> None:
    """The change waits for it, and then finds what it stored."""
    await put_conflict_calendars(kept)
    task = await begin_reading(kept)
    looked = a_reading(busy=[TAKEN], read_at=after(minutes=0.5))
    async with asyncio.TaskGroup() as group:
        async with kept.transaction() as tx:
            await tx.readings.lock(CALENDAR)
            changing = group.create_task(_block(kept, True))
            await _somebody_waits(kept)
            assert await tx.readings.store(task, looked, due_at=after(minutes=60), now=NOW)
        await changing
    assert (await _counts(kept), await _counts_for_it(kept)) == (False, False)
    assert await _has_to_be_read(kept)


async def test_a_look_that_ends_after_the_setting_has_changed_does_not_count(kept: KeptByPostgres) -> None:
    """It waits for the change, and stores what was made under the rule from before it."""
    await put_conflict_calendars(kept)
    task = await begin_reading(kept)
    looked = a_reading(busy=[TAKEN], read_at=after(minutes=0.5))
    async with asyncio.TaskGroup() as group:
        async with kept.transaction() as tx:
            settings = await tx.calendars.settings(EXPERT)
            await tx.calendars.save_settings(replace(settings, tentative_blocks=True))
            await tx.readings.mark(CALENDAR, after(minutes=1))
            storing = group.create_task(store_reading(kept, task, looked))
            await _somebody_waits(kept)
        assert await storing
    assert (await _counts(kept), await _counts_for_it(kept)) == (False, False)
    assert await _has_to_be_read(kept)


async def test_a_look_that_found_nothing_new_and_ends_after_the_setting_has_changed_ends_nothing(
    kept: KeptByPostgres,
) -> None:
    await put_conflict_calendars(kept)
    reading = a_reading(busy=[TAKEN])
    assert await store_reading(kept, await begin_reading(kept), reading)
    async with kept.transaction() as tx:
        look = await begin_look(tx, CALENDAR, now=after(minutes=0.5), until=after(minutes=2))
        own = await tx.sessions.own_snapshots([EXPERT], reading.window)
    assert look is not None
    await _block(kept, True)
    unchanged = UnchangedLook(
        look=look,
        window=reading.window,
        own_version=own[EXPERT].version,
        foreign=frozenset(),
        due_at=after(minutes=60),
    )
    assert not await kept.unchanged_looks.end(unchanged)
    assert await _has_to_be_read(kept)
