"""Bookings, readings and an erasure of one expert at once: nobody waits for each other in a circle."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest_asyncio

from domain.errors import DomainError
from domain.ids import HoldId
from domain.interval import Interval
from tests.builders import (
    EXPERT,
    NOW,
    a_change,
    a_hold,
    a_reading,
    a_reading_task,
    a_session,
    after,
    an_expert,
    an_interval,
)
from tests.support.stores import (
    KeptByPostgres,
    kept_by_postgres,
    put_conflict_calendars,
    put_expert,
)

WINDOW = Interval(NOW, after(days=7))
CALENDARS = ("a", "b", "c")
ROUNDS = 25


@pytest_asyncio.fixture
async def busy(dsn: str) -> AsyncIterator[KeptByPostgres]:
    """With eight transactions at once."""
    async with kept_by_postgres(dsn, at_once=8) as kept:
        await put_conflict_calendars(kept, *CALENDARS)
        yield kept


async def _book(kept: KeptByPostgres, who: int) -> None:
    """A deadlock, like any failure of a statement, is raised."""
    for number in range(ROUNDS):
        session = a_session(f"{who}-{number}", interval=an_interval(starts=who * 100 + number * 2))
        async with kept.transaction() as tx:
            await tx.sessions.add(session)
            await tx.reserved.reserve(EXPERT, session.session_id, session.interval, now=NOW)
            await tx.readings.overlapping(EXPERT, session.interval)
        async with kept.transaction() as tx:
            await tx.sessions.save(a_session(session.session_id, interval=session.interval, cancelled=True))
            await tx.reserved.give_back(EXPERT, session.session_id)


async def _read(kept: KeptByPostgres, calendar_id: str) -> None:
    for number in range(ROUNDS * 2):
        reading = a_reading(
            calendar_id, read_at=after(seconds=number), busy=[an_interval(starts=1 + number % 2)]
        )
        async with kept.transaction() as tx:
            await tx.readings.lock(reading.calendar_id)
            task = a_reading_task(calendar_id)
            assert await tx.readings.store(task, reading, due_at=NOW, now=after(hours=1))
            await tx.changes.add(a_change())


async def _hold(kept: KeptByPostgres) -> None:
    for number in range(ROUNDS):
        async with kept.transaction() as tx:
            await tx.reserved.hold(a_hold(interval=an_interval(starts=-100 - 2 * number)), now=NOW)
        async with kept.transaction() as tx:
            await tx.reserved.release(EXPERT, HoldId(a_hold().hold_id))


async def _look(kept: KeptByPostgres) -> None:
    for _ in range(ROUNDS * 2):
        known = await kept.kept_times.of([EXPERT], WINDOW, now=NOW)
        assert known[EXPERT].calendars


async def test_bookings_readings_and_holds_of_one_expert_all_succeed(busy: KeptByPostgres) -> None:
    async with asyncio.timeout(60), asyncio.TaskGroup() as at_once:
        for who in range(3):
            at_once.create_task(_book(busy, who))
        for calendar_id in CALENDARS:
            at_once.create_task(_read(busy, calendar_id))
        at_once.create_task(_hold(busy))
        at_once.create_task(_look(busy))
    everything = Interval(after(days=-2), after(days=100))
    known = await busy.kept_times.of([EXPERT], WINDOW, now=NOW)
    assert known == await busy.known_times.of([EXPERT], everything, now=NOW)


async def test_new_sessions_of_several_experts_come_together_on_two_processes(
    dsn: str, busy: KeptByPostgres
) -> None:
    experts = [an_expert(f"expert-{number}") for number in range(4)]
    await put_expert(busy, *experts)

    async def accept(kept: KeptByPostgres, name: str, first: int) -> None:
        for number in range(ROUNDS):
            expert = experts[(first + number) % len(experts)].expert_id
            session = a_session(f"{name}-{number}", expert_id=expert)
            assert await kept.new_sessions.accept(session, a_change(expert_id=expert))

    async with (
        kept_by_postgres(dsn) as other,
        asyncio.timeout(60),
        asyncio.TaskGroup() as at_once,
    ):
        for first in range(4):
            at_once.create_task(accept(busy, f"one-{first}", first))
            at_once.create_task(accept(other, f"other-{first}", 3 - first))
    known = await busy.kept_times.of([one.expert_id for one in experts], WINDOW, now=NOW)
    assert sum(len(one.booked) for one in known.values()) == 8 * ROUNDS


async def test_an_expert_is_erased_in_the_midst_of_it(busy: KeptByPostgres) -> None:
    """What comes too late finds nobody, and leaves nothing."""

    async def until_erased(number: int) -> None:
        with suppress(DomainError):
            while True:
                async with busy.transaction() as tx:
                    await tx.sessions.add(a_session(f"session-{number}"))
                    await tx.sessions.save(
                        a_session(f"session-{number}", interval=an_interval(starts=number))
                    )
                async with busy.transaction() as tx:
                    await tx.experts.lock(EXPERT)

    async def read_until_erased(calendar_id: str) -> None:
        number = 0
        stored = True
        while stored:
            number += 1
            reading = a_reading(
                calendar_id, read_at=after(seconds=number), busy=[an_interval(starts=1 + number % 2)]
            )
            async with busy.transaction() as tx:
                await tx.readings.lock(reading.calendar_id)
                task = a_reading_task(calendar_id)
                stored = await tx.readings.store(task, reading, due_at=NOW, now=after(days=1))

    async with asyncio.timeout(60), asyncio.TaskGroup() as at_once:
        for number in range(3):
            at_once.create_task(until_erased(number))
        for calendar_id in CALENDARS:
            at_once.create_task(read_until_erased(calendar_id))
        await _look(busy)
        async with busy.transaction() as tx:
            await tx.experts.remove(EXPERT)
    assert await busy.kept_times.of([EXPERT], WINDOW, now=NOW) == {}
    assert await busy.rows("SELECT FROM known_version") == []
