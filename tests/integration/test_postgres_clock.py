"""The clock that all processes agree on."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from adapters.postgres import clock as module
from adapters.postgres.clock import PostgresClock, open_clock
from adapters.postgres.pool import Pool, open_pool
from server.tasks import task_for_good
from tests.builders import NOW

MINUTE = timedelta(minutes=1)
MOMENT = timedelta(milliseconds=200)


class Seconds:
    """What the machine has counted, moved by the test."""

    def __init__(self) -> None:
        self.counted = 1000.0

    def __call__(self) -> float:
        return self.counted


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    made = Seconds()
    monkeypatch.setattr(module, "_counted", made)
    return made


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[Pool]:
    async with open_pool(dsn) as opened:
        yield opened


async def there(pool: Pool) -> datetime:
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT clock_timestamp() AS now")
        row = await cursor.fetchone()
    assert row is not None
    now: datetime = row["now"]
    return now


async def test_tells_the_databases_time(pool: Pool) -> None:
    clock = await open_clock(pool)
    before = await there(pool)
    now = clock.now()
    after = await there(pool)
    assert now.tzinfo is UTC
    assert before - MINUTE < now < after + MINUTE


async def test_machines_agree_however_far_apart_they_are(pool: Pool, seconds: Seconds) -> None:
    told = []
    for counted in (1000, 9_000_000):
        seconds.counted = counted
        told.append((await open_clock(pool)).now())
    assert timedelta() <= told[1] - told[0] < MINUTE


async def test_a_machine_that_counts_wrongly_is_set_right(
    pool: Pool, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SET_EVERY", timedelta(milliseconds=10))
    clock = await open_clock(pool)
    seconds.counted += 300
    assert clock.now() > await there(pool) + 4 * MINUTE

    keeping = asyncio.create_task(clock.keep(pool))
    try:
        while clock.now() > await there(pool) + MINUTE:
            await asyncio.wait([keeping], timeout=0.01)
    finally:
        keeping.cancel()


async def test_goes_on_by_itself_while_the_database_cannot_be_asked(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SET_EVERY", timedelta(milliseconds=1))
    async with open_pool(dsn, patience=timedelta(seconds=1)) as pool:
        clock = await open_clock(pool)
    keeping = asyncio.create_task(clock.keep(pool))
    try:
        first = clock.now()
        ended, _ = await asyncio.wait([keeping], timeout=0.05)
        assert not ended
        assert clock.now() > first
    finally:
        keeping.cancel()


def test_counts_the_seconds_between_two_questions(seconds: Seconds) -> None:
    clock = PostgresClock(NOW, seconds())
    seconds.counted += 12.5
    assert clock.now() == NOW + timedelta(seconds=12.5)


def test_a_little_behind_it_stands_still_until_time_has_come_up(seconds: Seconds) -> None:
    clock = PostgresClock(NOW, seconds())
    clock.set(NOW - MOMENT, seconds())
    assert clock.now() == NOW
    seconds.counted += 0.1
    assert clock.now() == NOW
    seconds.counted += 0.2
    assert clock.now() == NOW + MOMENT / 2


def test_a_little_ahead_it_moves_on_at_once(seconds: Seconds) -> None:
    clock = PostgresClock(NOW, seconds())
    clock.set(NOW + MOMENT, seconds())
    assert clock.now() == NOW + MOMENT


def test_goes_back_with_a_database_whose_clock_was_set_back(seconds: Seconds) -> None:
    clock = PostgresClock(NOW, seconds())
    clock.set(NOW - MINUTE, seconds())
    assert clock.now() == NOW - MINUTE


async def test_goes_on_being_set_after_something_unforeseen(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock, asked = await open_clock(pool), asyncio.Event()

    async def answer(_: Pool) -> tuple[datetime, float]:
        if "can't be set by the database's: ProgrammingError" in caplog.text:
            asked.set()
        raise psycopg.ProgrammingError

    monkeypatch.setattr(module, "SET_EVERY", timedelta(milliseconds=1))
    monkeypatch.setattr(module, "_asked", answer)
    async with task_for_good(clock.keep(pool), name="clock"), asyncio.timeout(20):
        await asked.wait()
