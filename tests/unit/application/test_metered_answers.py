"""What is measured of answers: the age of the oldest reading, and what looking cost."""

from datetime import timedelta

import pytest

from domain.access import ProviderUnavailable
from domain.expert import ExpertNotFound
from domain.ids import ExpertId
from domain.interval import Interval
from tests.builders import EXPERT, after
from tests.support.application import Application

WINDOW = Interval(after(days=1), after(days=2))
BUDGET = timedelta(seconds=5)


async def test_an_answer_is_as_old_as_its_oldest_reading(app: Application) -> None:
    await app.connect(app.provider.add_person())
    await app.connect(app.provider.add_person("bob"))
    await app.look_up_availability(EXPERT, WINDOW, budget=BUDGET)
    read_at = app.clock.now()
    app.meter.ages.clear()

    app.clock.advance(timedelta(minutes=3))
    await app.look_up_availability(EXPERT, WINDOW, budget=BUDGET)

    ((age, complete),) = app.meter.ages
    assert (age, complete) == (app.clock.now() - read_at, True)


async def test_each_answer_of_several_is_measured(app: Application) -> None:
    await app.connect(app.provider.add_person())

    for asked in range(2):
        found = app.look_up_availability.of_many([EXPERT], WINDOW, budget=BUDGET, max_age=None)
        assert len([one async for one in found]) == 1
        assert len(app.meter.ages) == asked + 1


async def test_an_answer_that_lacks_a_calendar_is_told_apart(app: Application) -> None:
    await app.connect(app.provider.add_person())
    await app.connect(app.provider.add_person("bob"))
    await app.look_up_availability(EXPERT, WINDOW, budget=BUDGET)
    app.meter.ages.clear()
    app.clock.advance(timedelta(minutes=1))
    app.provider.fail("read_entries", ProviderUnavailable())

    await app.look_up_availability(EXPERT, WINDOW, budget=BUDGET, max_age=timedelta())

    assert [complete for _, complete in app.meter.ages] == [False]


async def test_what_looking_took_of_the_budget_is_measured_and_nothing_where_nobody_looked(
    app: Application,
) -> None:
    await app.connect(app.provider.add_person())
    await app.look_up_availability(EXPERT, WINDOW, budget=BUDGET)
    await app.look_up_availability(EXPERT, WINDOW, budget=BUDGET)

    assert app.meter.looks == [(timedelta(), BUDGET)]


async def test_a_question_that_fails_is_no_answer(app: Application) -> None:
    with pytest.raises(ExpertNotFound):
        await app.look_up_availability(ExpertId("nobody"), WINDOW, budget=BUDGET)

    assert not app.meter.ages
