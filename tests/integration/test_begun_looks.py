"""What a look knows of its calendar when it begins, where another one is just ending."""

import asyncio

from psycopg.types.json import Jsonb

from application.ports.lanes import Room
from application.readings.claim_readings import ClaimReadings
from application.readings.under_way import UnderWay
from domain.ids import CalendarId
from domain.reading import BegunLook, Pace
from tests.builders import (
    CALENDAR,
    EXPERT,
    SESSION,
    a_calendar,
    a_grant,
    a_reading,
    a_session,
    after,
    an_account,
    an_event_copy,
    an_expert,
    an_identity,
    an_interval,
)
from tests.fakes.alarms import RecordingAlarms
from tests.fakes.clock import MovableClock
from tests.support.kept_readings import FAR_FUTURE, begin_reading, store_reading
from tests.support.looks import begin_look
from tests.support.stores import KeptByPostgres, choose_calendars, put_conflict_calendars, put_expert

ROOM = Room(places=8, again=8)


async def _somebody_waits(kept: KeptByPostgres) -> None:
    async with asyncio.timeout(5):
        while not await kept.rows(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ):
            pass


async def test_a_look_that_waited_for_another_goes_by_what_that_one_found(kept: KeptByPostgres) -> None:
    """Or it would take what was stored before for what is stored now, and find nothing new where there is."""
    await put_conflict_calendars(kept)
    first = a_reading(busy=[an_interval()])
    await store_reading(kept, await begin_reading(kept), first)
    second = a_reading(read_at=after(minutes=1), busy=[an_interval(hours=3)])
    task = await begin_reading(kept)

    async def begin() -> BegunLook | None:
        async with kept.transaction() as tx:
            return await begin_look(tx, CALENDAR, now=after(minutes=2), until=after(minutes=4))

    async with kept.transaction() as tx:
        await tx.readings.lock(CALENDAR)
        assert await tx.readings.store(task, second, due_at=after(minutes=9), now=FAR_FUTURE)
        beginning = asyncio.create_task(begin())
        await _somebody_waits(kept)
    begun = await beginning
    assert begun is not None
    assert begun.task.previous == second


async def _claimed(kept: KeptByPostgres) -> list[UnderWay]:
    clock = MovableClock(after(days=1))
    claim = ClaimReadings(
        store=kept.store,
        clock=clock,
        providers={},
        alarms=RecordingAlarms(),
        pace=Pace(),
        jitter=lambda: 0,
    )
    return [look for one in (await claim(ROOM)).rows for look in one.row]


async def test_a_reading_that_a_later_version_wrote_is_in_no_other_calendars_way(
    kept: KeptByPostgres,
) -> None:
    await put_conflict_calendars(kept, "new", "old")
    for calendar_id in ("new", "old"):
        task = await begin_reading(kept, CalendarId(calendar_id))
        await store_reading(kept, task, a_reading(calendar_id))
    later = Jsonb([{"session_id": "s", "revision": 1, "kind": "OF_A_LATER_VERSION"}])
    async with kept.pool.connection() as connection:
        await connection.execute("UPDATE reading SET deviations = %s WHERE calendar_id = 'new'", [later])
    found = {look.task.calendar_id: look.task.previous for look in await _claimed(kept)}
    assert found == {"new": None, "old": a_reading("old")}


async def test_a_session_that_a_later_version_wrote_is_in_no_other_experts_way(kept: KeptByPostgres) -> None:
    await put_conflict_calendars(kept)
    await put_expert(kept, an_expert("other"))
    async with kept.transaction() as tx:
        await tx.accounts.add(
            an_account("account-2", expert_id="other", identity=an_identity("other")), a_grant()
        )
        await tx.calendars.save([a_calendar("calendar-2", account_id="account-2")])
        for expert_id in (EXPERT, "other"):
            await tx.sessions.add(a_session(expert_id=expert_id, copy=an_event_copy(mark=f"of-{expert_id}")))
    await choose_calendars(kept, "calendar-2", expert_id="other")
    async with kept.pool.connection() as connection:
        await connection.execute(
            "UPDATE session SET hindrance = 'OF_A_LATER_VERSION' WHERE expert_id = 'other'"
        )
    found = {
        look.task.expert_id: [one.session_id for one in look.own.events] for look in await _claimed(kept)
    }
    assert found == {EXPERT: [SESSION], "other": []}
