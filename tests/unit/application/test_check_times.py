"""Verdicts on candidate times."""

from datetime import timedelta

import pytest

from domain.availability import Verdict
from domain.interval import WindowTooLong
from domain.spans import as_span
from tests.builders import EXPERT, SESSION, an_interval
from tests.fakes.provider import Person
from tests.support.application import Application

BUDGET = timedelta(seconds=5)
PRIMARY = "object-maria/Calendar"


async def test_candidates_are_judged_in_the_order_asked(app: Application, maria: Person) -> None:
    await app.connect(maria)
    maria.block(an_interval(starts=24))
    candidates = [an_interval(starts=hours) for hours in (48, 24, 25, 23.5)]

    checked = await app.check_times(EXPERT, [as_span(one) for one in candidates], budget=BUDGET)

    assert [one.verdict for one in checked.times] == [
        Verdict.FREE,
        Verdict.BUSY,
        Verdict.FREE,
        Verdict.BUSY,
    ]
    primary = await app.calendar(PRIMARY)
    assert checked.times[1].takers.calendars == (primary.calendar_id,)
    assert app.provider.calls["read_entries"] == 1


async def test_candidates_too_far_apart_are_refused(app: Application) -> None:
    with pytest.raises(WindowTooLong):
        await app.check_times(
            EXPERT, [as_span(an_interval()), as_span(an_interval(starts=24 * 400))], budget=BUDGET
        )


async def test_the_session_being_moved_is_left_out_of_its_own_check(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()

    checked = await app.check_times(EXPERT, [as_span(an_interval())], excluded=[SESSION], budget=BUDGET)

    assert [one.verdict for one in checked.times] == [Verdict.FREE]
