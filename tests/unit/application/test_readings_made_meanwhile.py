"""Readings that somebody else makes while a question waits: for the database, or for its turn among large ones."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from application.availability.look_up_availability import LookUpAvailability
from application.ports.known_times import KnownTime, KnownTimes
from domain.availability import Availability
from domain.ids import ExpertId
from domain.interval import Interval
from tests.builders import EXPERT, NOW, after, an_interval
from tests.support.application import BUDGET, Application

WINDOW = Interval(NOW, after(days=7))
FAR = Interval(NOW, after(days=150))
Ask = Callable[[LookUpAvailability, timedelta | None, Interval], Awaitable[Availability]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMeanwhile:
    """What is known is told five seconds after somebody asked; by then all calendars have been read once more."""

    app: Application
    known_times: KnownTimes

    async def of(
        self, expert_ids: Collection[ExpertId], window: Interval, *, now: datetime
    ) -> Mapping[ExpertId, KnownTime]:
        self.app.clock.advance(timedelta(seconds=5))
        for one in (await self.known_times.of(expert_ids, window, now=now)).values():
            for calendar in one.calendars:
                await self.app.read_calendar(calendar.calendar_id)
        return await self.known_times.of(expert_ids, window, now=now)


async def by_itself(look_up: LookUpAvailability, max_age: timedelta | None, window: Interval) -> Availability:
    return await look_up(ExpertId(EXPERT), window, budget=BUDGET, max_age=max_age)


async def among_many(
    look_up: LookUpAvailability, max_age: timedelta | None, window: Interval
) -> Availability:
    answers = look_up.of_many([ExpertId(EXPERT)], window, budget=BUDGET, max_age=max_age)
    async with aclosing(answers):
        (known,) = [known async for _, known in answers]
    return known


@pytest.fixture
async def look_up(app: Application) -> LookUpAvailability:
    """Of an expert whose two calendars were read a quarter of an hour ago."""
    await app.add_expert(EXPERT)
    for name in ("first", "second"):
        person = app.provider.add_person(name)
        person.block(an_interval(starts=24))
        await app.connect(person, expert_id=EXPERT)
    await app.run_jobs()
    app.clock.advance(timedelta(minutes=15, seconds=1))
    app.provider.calls.clear()
    late = ReadMeanwhile(app=app, known_times=app.look_up_availability.known_times)
    return replace(app.look_up_availability, known_times=late)


@pytest.mark.parametrize("ask", [by_itself, among_many])
@pytest.mark.parametrize("max_age", [None, timedelta()])
async def test_they_spare_a_look(
    app: Application, look_up: LookUpAvailability, ask: Ask, max_age: timedelta | None
) -> None:
    known = await ask(look_up, max_age, WINDOW)

    assert [one.read_at for one in known.readings] == [app.clock.now()] * 2
    assert app.provider.calls["read_entries"] == 2
    assert list(known.busy) == [an_interval(starts=24)]


@pytest.mark.parametrize("ask", [by_itself, among_many])
async def test_they_count_after_a_look(look_up: LookUpAvailability, ask: Ask) -> None:
    """Which a question takes in any case that is also about a time for which nothing is kept."""
    known = await ask(look_up, None, FAR)

    assert known.complete
    assert len(known.readings) == 2
    assert list(known.busy) == [an_interval(starts=24)]
