"""Many experts in one question: each has an answer of their own, and one's fault is nobody else's."""

from collections.abc import Mapping
from contextlib import aclosing
from datetime import timedelta

import pytest

from domain.availability import Availability, ReadingSource, UnreadReason, Verdict
from domain.ids import ExpertId
from domain.interval import Interval, WindowTooLong
from tests.builders import EXPERT, NOW, after, an_interval
from tests.support.application import BUDGET, Application

WINDOW = Interval(NOW, after(days=7))
SHORT = timedelta(milliseconds=20)
NAMES = [ExpertId(f"expert-{number}") for number in range(1, 6)]


@pytest.fixture
async def team(app: Application) -> list[ExpertId]:
    """Five experts with a calendar each, busy at different hours, and the readings of all a second old."""
    for number, name in enumerate(NAMES):
        await app.add_expert(name)
        person = app.provider.add_person(name)
        person.block(an_interval(starts=24 + 2 * number))
        await app.connect(person, expert_id=name)
    await app.run_jobs()
    app.clock.advance(timedelta(seconds=1))
    app.provider.calls.clear()
    return NAMES


async def look_up(
    app: Application,
    names: list[ExpertId],
    *,
    max_age: timedelta | None = None,
    budget: timedelta = BUDGET,
    window: Interval = WINDOW,
) -> Mapping[ExpertId, Availability]:
    answers = app.look_up_availability.of_many(names, window, max_age=max_age, budget=budget)
    async with aclosing(answers):
        return {name: known async for name, known in answers}


async def test_each_has_their_own_answer(app: Application, team: list[ExpertId]) -> None:
    found = await look_up(app, team)

    assert {name: list(known.busy) for name, known in found.items()} == {
        name: [an_interval(starts=24 + 2 * number)] for number, name in enumerate(team)
    }
    assert app.provider.calls["read_entries"] == 0


async def test_the_unknown_ones_are_left_out(app: Application, team: list[ExpertId]) -> None:
    found = await look_up(app, [*team, ExpertId("nobody")])

    assert list(found) == team


async def test_a_fault_in_one_leaves_the_others_complete(app: Application, team: list[ExpertId]) -> None:
    app.provider.hold("read_entries")

    found = await look_up(app, team, max_age=timedelta(), budget=SHORT)

    incomplete = [known for known in found.values() if not known.complete]
    assert [[one.reason for one in known.unread] for known in incomplete] == [[UnreadReason.TIMED_OUT]]
    assert incomplete[0].check(an_interval(starts=60)).verdict is Verdict.UNKNOWN


async def test_all_are_looked_at_within_one_budget(app: Application, team: list[ExpertId]) -> None:
    for _ in team:
        app.provider.hold("read_entries")

    found = await look_up(app, team, max_age=timedelta(), budget=SHORT)

    assert not any(known.complete for known in found.values())
    assert app.provider.calls["read_entries"] == len(team)


async def test_a_calendar_that_two_experts_share_is_looked_at_for_each(
    app: Application, team: list[ExpertId]
) -> None:
    shared = app.provider.people[f"object-{team[0]}"]
    await app.connect(shared, expert_id=team[1])

    found = await look_up(app, team[:2], max_age=timedelta())

    assert all(an_interval() in list(known.busy) for known in found.values())
    assert all(one.source is ReadingSource.LIVE for known in found.values() for one in known.readings)


async def test_answers_for_no_more_than_366_days(app: Application) -> None:
    with pytest.raises(WindowTooLong):
        await look_up(app, [EXPERT], window=Interval(NOW, after(days=366, seconds=1)))


async def test_nobody_asked_nothing_answered(app: Application) -> None:
    assert await look_up(app, []) == {}
