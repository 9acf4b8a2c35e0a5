"""What the database says of the service, on the page for Prometheus."""

import asyncio
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from server.metrics.census import READINGS_KEPT, WORK_KEPT, CensusTaker
from tests.builders import NOW, a_session, after, an_expert
from tests.fakes.clock import MovableClock
from tests.fakes.store import FakeStore

BOUND = timedelta(minutes=15)


class Watched:
    """A census taker, its database and its clocks."""

    def __init__(self) -> None:
        self.store, self.clock = FakeStore(), MovableClock()
        self.registry, self.seconds = CollectorRegistry(), 0.0
        self.taker = CensusTaker(self.store.census, self.clock, bound=BOUND, monotonic=lambda: self.seconds)
        self.registry.register(self.taker)

    def sample(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"calendarsync_{name}", labels)


@pytest.fixture
def watched() -> Watched:
    return Watched()


async def test_says_how_much_is_due_and_how_late_it_is(watched: Watched) -> None:
    async with watched.store.transaction() as tx:
        await tx.experts.put(an_expert())
        await tx.sessions.add(a_session("one", due_at=after(minutes=-3)))
        await tx.sessions.add(a_session("two", due_at=NOW))

    await watched.taker.look()

    assert watched.sample("due_rows", kind="write_session") == 2
    assert watched.sample("due_oldest_seconds", kind="write_session") == 180
    assert watched.sample("due_oldest_seconds", kind="notify_expert") == 0
    assert watched.sample("sessions_unwritten", status="PENDING", hindrance="") == 2
    assert watched.sample("workers") == 0
    assert watched.sample("database_up") == 1


async def test_the_database_is_asked_again_only_after_some_time(watched: Watched) -> None:
    await watched.taker.look()
    assert watched.store.census.times_asked == 2

    watched.seconds = WORK_KEPT.total_seconds() - 1
    await watched.taker.look()
    assert watched.store.census.times_asked == 2

    watched.seconds = WORK_KEPT.total_seconds()
    await watched.taker.look()
    assert watched.store.census.times_asked == 3

    watched.seconds = READINGS_KEPT.total_seconds()
    await watched.taker.look()
    assert watched.store.census.times_asked == 5


async def test_however_many_ask_at_once_one_asks_the_database(watched: Watched) -> None:
    census = watched.store.census
    census.hold = asyncio.Event()
    asking = [asyncio.ensure_future(watched.taker.look()) for _ in range(20)]
    await census.asked.wait()
    census.hold.set()
    await asyncio.gather(*asking)

    assert (census.times_asked, census.most_at_once) == (2, 1)


async def test_nothing_old_is_told_while_the_database_is_away(watched: Watched) -> None:
    await watched.taker.look()
    assert watched.sample("stored_readings") == 0

    watched.store.away = True
    watched.seconds = READINGS_KEPT.total_seconds()
    await watched.taker.look()

    assert watched.sample("database_up") == 0
    assert watched.sample("due_rows", kind="write_session") is None
    assert watched.sample("stored_readings") is None
    assert watched.taker.work is None

    watched.store.away = False
    await watched.taker.look()
    assert watched.sample("database_up") == 1
    assert watched.sample("stored_readings") == 0


async def test_a_schema_that_it_does_not_fit_keeps_nothing_else_from_being_told(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise KeyError

    monkeypatch.setattr(watched.store.census, "work", fails)
    await watched.taker.look()

    assert watched.sample("database_up") == 0
