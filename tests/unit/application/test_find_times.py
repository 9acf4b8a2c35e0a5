"""A search for times that suit many: others have their turns, however much of it is for whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from application.availability.find_times import STARTS_A_SLICE, FoundTimes
from application.availability.slices import Slices
from domain.found_times import Match, Matching, Needed
from domain.ids import ExpertId
from domain.interval import Interval
from domain.opening_hours import OpeningHours
from domain.wanted_times import WantedTimes
from tests.builders import NOW
from tests.support.application import Application

HOUR_MICROS = 3_600_000_000
EVERY_OTHER_HOUR = OpeningHours(
    weekdays={
        day: [(hour * HOUR_MICROS, (hour + 1) * HOUR_MICROS) for hour in range(0, 20, 2)] for day in range(7)
    },
    dates={},
)


@dataclass(slots=True, kw_only=True)
class Noted(Matching):
    """How many starts were held against each other at a time, those of each expert counted by themselves."""

    at_a_time: list[int] = field(default_factory=list)

    def matches(self, rows: Sequence[Sequence[int]]) -> Iterator[tuple[int, Match]]:
        self.at_a_time.append(len(rows) * len(rows[0]))
        return Matching.matches(self, rows)


@pytest.fixture
def breaks(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """As many as there were."""
    taken: list[None] = []

    async def give_way(_: Slices) -> None:
        taken.append(None)

    monkeypatch.setattr(Slices, "give_way", give_way)
    return taken


async def _find(app: Application, matching: Matching, experts: int, wanted: WantedTimes) -> FoundTimes:
    """One of them is nobody, so that all starts are looked at and none is found."""
    known = [await app.add_expert(f"expert-{number}") for number in range(experts - 1)]
    expert_ids = [*known, ExpertId("nobody")]
    return await app.find_times(
        expert_ids, wanted, matching, told=lambda *_: None, limit=10_000, budget=timedelta(seconds=1)
    )


def _wanted(days: int, step_minutes: int, hours: OpeningHours | None = None) -> WantedTimes:
    step = timedelta(minutes=step_minutes)
    window = Interval(NOW, NOW + timedelta(days=days))
    return WantedTimes(window=window, length=step, step=step, zone=ZoneInfo("Europe/Berlin"), hours=hours)


@pytest.mark.parametrize("experts", [1, 40])
async def test_the_more_experts_the_fewer_starts_are_looked_at_without_a_break(
    app: Application, breaks: list[None], experts: int
) -> None:
    noted = Noted(needed=Needed.ALL, unknown_too=False)

    found = await _find(app, noted, experts, _wanted(days=10, step_minutes=15))

    assert found.looked_at == sum(noted.at_a_time) == experts * 960
    assert max(noted.at_a_time) <= STARTS_A_SLICE
    assert len(breaks) == len(noted.at_a_time) - 1


async def test_others_have_a_turn_also_while_experts_are_looked_at_who_have_nothing(
    app: Application, breaks: list[None]
) -> None:
    """Each time that is open has to be looked up for each of them."""
    noted = Noted(needed=Needed.ALL, unknown_too=False)

    found = await _find(app, noted, 50, _wanted(days=90, step_minutes=60, hours=EVERY_OTHER_HOUR))

    assert found.looked_at == 50 * 899
    assert len(breaks) - len(noted.at_a_time) >= 15
