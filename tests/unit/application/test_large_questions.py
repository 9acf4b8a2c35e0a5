"""Questions about a great deal of time: bounded, worked on by slices, and no reason for anybody else to wait."""

import asyncio
import tracemalloc
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import pytest

from application.availability.check_times import MANY_SESSIONS, CheckTimes
from application.availability.large_questions import FIRST_EXPERTS, LARGE, SLICE
from application.availability.look_up_availability import LookUpAvailability
from domain.availability import Availability
from domain.ids import ExpertId
from domain.interval import Interval
from domain.question_size import MOST_INTERVALS, QuestionTooLarge
from domain.spans import Spans, as_span
from tests.builders import EXPERT, NOW
from tests.support.application import BUDGET, Application
from tests.support.full_times import WINDOW, FullTimes

A_DAY = Interval(NOW, NOW + timedelta(days=1))
HUNDRED = [ExpertId(f"expert-{number}") for number in range(100)]


def asking(app: Application, full: FullTimes) -> LookUpAvailability:
    return replace(app.look_up_availability, known_times=full)


async def busy_of_many(
    look_up: LookUpAvailability,
    names: Sequence[ExpertId] = HUNDRED,
    window: Interval = WINDOW,
    *,
    each: Callable[[ExpertId], object] = lambda _: None,
) -> dict[ExpertId, int]:
    """How many busy times each has, without keeping any; `each` is told as they come."""
    found = {}
    async with aclosing(look_up.of_many(names, window, budget=BUDGET, max_age=None)) as answers:
        async for name, known in answers:
            found[name] = len(known.busy)
            each(name)
    return found


async def busy_of(look_up: LookUpAvailability, window: Interval = WINDOW) -> Availability:
    return await look_up(ExpertId(EXPERT), window, budget=BUDGET)


async def test_a_question_that_takes_too_much_is_refused_before_the_rest_is_even_asked_for(
    app: Application,
) -> None:
    full = FullTimes(intervals=5_800)

    with pytest.raises(QuestionTooLarge) as refused:
        await busy_of_many(asking(app, full))

    assert refused.value.limit == MOST_INTERVALS
    assert MOST_INTERVALS < refused.value.intervals <= MOST_INTERVALS + 5 * 5_800
    assert len(full.asked) == MOST_INTERVALS // (5 * 5_800) + 1


async def test_the_same_experts_are_answered_for_a_shorter_window(app: Application) -> None:
    full = FullTimes(intervals=5_800)

    found = await busy_of_many(asking(app, full), window=A_DAY)

    assert list(found) == HUNDRED
    assert (
        set(found.values()) == {5 * 5_800 * timedelta(days=1) // WINDOW.length + 1}
        or len(set(found.values())) <= 2
    )
    assert full.asked == HUNDRED


async def test_sessions_count_where_they_are_in_the_window(app: Application) -> None:
    """Also of experts of whom all that is known comes, as it is kept."""
    full = FullTimes(intervals=1, booked=MOST_INTERVALS // 100, keeps=True)

    found = await busy_of_many(asking(app, full), window=A_DAY)

    assert len(found) == 100
    with pytest.raises(QuestionTooLarge):
        await busy_of_many(asking(app, full))


async def test_one_expert_may_be_too_much_as_well(app: Application) -> None:
    full = FullTimes(intervals=MOST_INTERVALS // 2 + 1, calendars=2, keeps=True)

    with pytest.raises(QuestionTooLarge) as refused:
        await busy_of(asking(app, full))

    assert (refused.value.intervals, refused.value.limit) == (MOST_INTERVALS + 2, MOST_INTERVALS)
    assert len((await busy_of(asking(app, full), A_DAY)).busy) > 1000


async def test_what_is_united_by_slices_is_what_is_united_at_once(app: Application) -> None:
    full = FullTimes(intervals=5_800)
    expected = Spans().united(*(full.busy(number, 5_800) for number in range(5)))

    known = await busy_of(asking(app, full))

    assert known.busy == expected.clipped_to(WINDOW)


async def test_others_have_their_turns_between_the_slices(app: Application) -> None:
    """Each time the loop comes round, somebody else gets on; a large answer lasts so many rounds."""
    rounds = 0

    async def count() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await busy_of(asking(app, FullTimes(intervals=5_800)))
    counting.cancel()

    assert rounds >= 5 * 5_800 // SLICE


async def test_small_questions_are_answered_while_a_large_one_is_worked_on(app: Application) -> None:
    full, small = FullTimes(intervals=500, more_than=FIRST_EXPERTS), FullTimes(intervals=20)
    order: list[str] = []

    async def ask_for_little(number: int) -> None:
        await busy_of(asking(app, small))
        order.append(f"small {number}")

    async def ask_for_much() -> None:
        await busy_of_many(asking(app, full), HUNDRED[:60])
        order.append("large")

    large = asyncio.create_task(ask_for_much())
    await full.asked_for_more.wait()
    await asyncio.gather(*(ask_for_little(number) for number in range(50)), large)

    assert order[-1] == "large"
    assert len(order) == 51


async def test_large_questions_wait_for_each_other(app: Application) -> None:
    full = FullTimes(intervals=1_000)
    look_up = asking(app, full)
    came: list[str] = []

    async def ask(name: str, experts: Sequence[ExpertId]) -> None:
        await busy_of_many(look_up, experts, each=lambda _: came.append(name))

    await asyncio.gather(ask("first", HUNDRED[:30]), ask("second", HUNDRED[30:60]))

    large = (
        LARGE // 5_000 + FIRST_EXPERTS
    )  # of each, who may have been answered for before it was seen to be large
    switches = sum(one != other for one, other in zip(came[2 * large :], came[2 * large + 1 :], strict=False))
    assert sorted(came) == ["first"] * 30 + ["second"] * 30
    assert switches >= 10  # in turns, an expert or two each


async def test_a_cancelled_question_stops_at_the_next_slice(app: Application) -> None:
    full = FullTimes(intervals=300, more_than=FIRST_EXPERTS)
    asked = asyncio.create_task(busy_of_many(asking(app, full)))
    await full.asked_for_more.wait()
    before = len(full.asked)
    asked.cancel()
    await asyncio.wait([asked])

    assert asked.cancelled()
    assert len(full.asked) == before < len(HUNDRED)
    async with asyncio.timeout(5):  # and has left its place to others
        await busy_of_many(asking(app, FullTimes(intervals=300)), HUNDRED[:20])


async def test_what_was_answered_for_one_is_not_kept_for_all(app: Application) -> None:
    full = FullTimes(intervals=5_800, calendars=1)
    look_up = asking(app, full)
    experts = HUNDRED[: MOST_INTERVALS // 5_800]
    tracemalloc.start()
    try:
        await busy_of_many(look_up, experts[:FIRST_EXPERTS])
        tracemalloc.reset_peak()
        begun, _ = tracemalloc.get_traced_memory()
        await busy_of_many(look_up, experts)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    an_expert = 2 * 5_800 * (32 + 8)
    assert peak - begun < 4 * FIRST_EXPERTS * an_expert < len(experts) * an_expert / 2


async def test_a_small_part_of_a_full_calendar_is_answered_without_working_out_the_whole(
    app: Application,
) -> None:
    full = FullTimes(intervals=5_800, keeps=True)

    known = await busy_of(asking(app, full), A_DAY)

    assert known.taken.size < 5_800
    (kept,) = full._kept.values()
    assert kept.workings is not None
    assert kept.workings.whole is None


async def test_verdicts_that_name_too_many_sessions_are_refused(app: Application) -> None:
    full = FullTimes(intervals=1, booked=MANY_SESSIONS + 1)
    check = CheckTimes(look_up=asking(app, full))
    enough = MOST_INTERVALS // (MANY_SESSIONS + 1)

    checked = await check(ExpertId(EXPERT), [as_span(WINDOW)] * enough, budget=BUDGET)
    assert {len(one.takers.sessions) for one in checked.times} == {MANY_SESSIONS + 1}

    with pytest.raises(QuestionTooLarge) as refused:
        await check(ExpertId(EXPERT), [as_span(WINDOW)] * (enough + 1), budget=BUDGET)
    assert refused.value.intervals == (enough + 1) * (MANY_SESSIONS + 1)
