"""Calendars that a provider answers for in one request: they are read at the same moment, and fail each by itself."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from application.ports.lanes import Claim, Room
from domain.access import ProviderUnavailable
from domain.account import Provider
from domain.availability import Availability, UnreadReason
from domain.interval import Interval
from tests.builders import EXPERT, NOW, after, an_expert
from tests.fakes.provider import FakeProvider
from tests.support.application import BUDGET, Application
from tests.support.wiring import an_application

SHARED = 5
ONE_PLACE = Room(places=1, again=1)


@pytest.fixture
def app() -> Application:
    """One place on a lane is one request at this provider for all that can only be read."""
    return an_application(configured=[Provider.GOOGLE], together=[Provider.GOOGLE], push_on=False)


@pytest.fixture
def google(app: Application) -> FakeProvider:
    return app.fakes[Provider.GOOGLE]


@pytest.fixture
async def shared(app: Application, google: FakeProvider) -> list[str]:
    """The remote ids of calendars of others that an expert has chosen, beside one of their own; all are new."""
    async with app.store.transaction() as tx:
        await tx.experts.put(an_expert())
    person = google.add_person()
    remote_ids = [person.add_calendar(f"shared-{n}", writable=False, shared=True) for n in range(SHARED)]
    await app.connect(person)
    everything = [one.calendar_id for one in app.store.tables.calendars.values()]
    async with app.store.transaction() as tx:
        settings = await tx.calendars.settings(EXPERT)
        await tx.calendars.save_settings(replace(settings, conflict=frozenset(everything)))
    return remote_ids


def hang(google: FakeProvider, remote_ids: list[str]) -> asyncio.Event:
    may_go_on = asyncio.Event()
    google.hanging |= dict.fromkeys(remote_ids, may_go_on)
    return may_go_on


async def until(met: Callable[[], bool]) -> None:
    """Or as long as anything goes on that waits for nobody."""
    for _ in range(100):
        if met():
            return
        await asyncio.sleep(0)


async def due_in(app: Application, remote_ids: list[str]) -> set[datetime]:
    its = app.store.tables
    return {its.readings[(await app.calendar(one)).calendar_id].due_at for one in remote_ids}


async def test_one_place_of_a_worker_reads_them_all_at_the_same_moment(
    app: Application, google: FakeProvider, shared: list[str]
) -> None:
    may_go_on = hang(google, shared)
    async with app.running(app.read_due(2)) as working:
        await until(lambda: google.hung.total() == SHARED)
        assert google.hung == dict.fromkeys(shared, 1)
        may_go_on.set()
        await working
    assert len(await due_in(app, shared)) == 1
    assert await app.claim_readings(ONE_PLACE) == Claim()


async def test_one_that_fails_is_tried_again_alone_and_then_read_with_the_others(
    app: Application, google: FakeProvider, shared: list[str]
) -> None:
    await app.read_due(2)
    app.clock.advance(timedelta(minutes=5))
    google.fail("read_entries", ProviderUnavailable(), calendar=shared[0])
    await app.read_due(2)
    assert await due_in(app, shared[1:]) == {app.clock.now() + timedelta(minutes=5)}

    app.clock.advance(timedelta(seconds=30))
    reads = google.calls["read_entries"]
    await app.read_due(9)
    assert google.calls["read_entries"] == reads + 1

    app.clock.advance(timedelta(minutes=4.5))
    await app.read_due(9)
    assert await due_in(app, shared) == {app.clock.now() + timedelta(minutes=5)}


async def test_a_failure_leaves_one_unread_and_the_others_known(
    app: Application, google: FakeProvider, shared: list[str]
) -> None:
    google.fail("read_entries", ProviderUnavailable(), calendar=shared[0])
    known = await look_up(app)
    failed = await app.calendar(shared[0])
    assert [(one.calendar_id, one.reason) for one in known.unread] == [
        (failed.calendar_id, UnreadReason.PROVIDER_UNAVAILABLE)
    ]
    assert len(known.readings) == SHARED


async def test_a_question_has_them_read_at_the_same_moment(
    app: Application, google: FakeProvider, shared: list[str]
) -> None:
    """What begins them is one transaction, so that none waits longer for the database than the others."""
    may_go_on = hang(google, shared)
    before = app.store.tables.transaction
    async with app.running(look_up(app)) as looking:
        await until(lambda: google.hung.total() == SHARED)
        assert google.hung == dict.fromkeys(shared, 1)
        assert app.store.tables.transaction - before < SHARED
        may_go_on.set()
        assert (await looking).unread == ()


async def test_a_question_joins_what_a_worker_reads_already(
    app: Application, google: FakeProvider, shared: list[str]
) -> None:
    may_go_on = hang(google, shared)
    async with app.running(app.read_due(2)) as working:
        await until(lambda: google.hung.total() == SHARED)
        async with app.running(look_up(app, max_age=timedelta(minutes=1))) as looking:
            await until(lambda: False)
            may_go_on.set()
            assert (await looking).unread == ()
        await working
    assert google.calls["read_entries"] == SHARED + 1


async def test_what_is_not_begun_in_time_is_timed_out(
    app: Application, google: FakeProvider, shared: list[str]
) -> None:
    may_go_on = hang(google, shared[:1])
    known = await look_up(app, budget=timedelta(milliseconds=20))
    may_go_on.set()
    hung = await app.calendar(shared[0])
    assert [(one.calendar_id, one.reason) for one in known.unread] == [
        (hung.calendar_id, UnreadReason.TIMED_OUT)
    ]


async def look_up(
    app: Application, *, max_age: timedelta = timedelta(), budget: timedelta = BUDGET
) -> Availability:
    window = Interval(NOW, after(days=7))
    return await app.look_up_availability(EXPERT, window, max_age=max_age, budget=budget)


async def test_readings_are_made_less_often_from_when_the_day_is_nearly_spent_until_it_is_over(
    app: Application, shared: list[str]
) -> None:
    app.alarms.day_nearly_spent(Provider.GOOGLE, requests=8, most=10)
    await app.read_due(2)
    assert await due_in(app, shared) == {app.clock.now() + timedelta(minutes=13)}
    await look_up(app)
    assert await due_in(app, shared) == {app.clock.now() + timedelta(minutes=13)}

    app.alarms.day_begins_anew(Provider.GOOGLE)
    app.clock.advance(timedelta(minutes=13))
    await app.read_due(2)
    assert await due_in(app, shared) == {app.clock.now() + timedelta(minutes=5)}


async def test_beyond_what_is_kept_one_that_hangs_leaves_the_others_known(
    app: Application, google: FakeProvider, shared: list[str]
) -> None:
    may_go_on = hang(google, shared[:1])
    beyond = Interval(after(days=200), after(days=201))
    known = await app.look_up_availability(EXPERT, beyond, budget=timedelta(milliseconds=20))
    may_go_on.set()
    hung = await app.calendar(shared[0])
    assert [(one.calendar_id, one.reason) for one in known.unread] == [
        (hung.calendar_id, UnreadReason.TIMED_OUT)
    ]
    assert len(known.readings) == SHARED


async def test_a_question_beyond_what_is_kept_has_them_read_at_the_same_moment(
    app: Application, google: FakeProvider, shared: list[str]
) -> None:
    may_go_on = hang(google, shared)
    before = app.store.tables.transaction
    beyond = Interval(after(days=200), after(days=201))
    async with app.running(app.look_up_availability(EXPERT, beyond, budget=BUDGET)) as looking:
        await until(lambda: google.hung.total() == SHARED)
        assert google.hung == dict.fromkeys(shared, 1)
        assert app.store.tables.transaction - before < SHARED
        may_go_on.set()
        known = await looking
    assert known.unread == ()
    assert len(known.readings) == SHARED + 1
