"""Find times that suit experts: any of them, or all."""

from collections.abc import Callable, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeAlias

from application.availability.large_questions import SLICE
from application.availability.look_up_availability import LookUpAvailability
from application.availability.slices import Slices
from application.ports.clock import Clock
from domain.availability import Availability
from domain.found_times import BUSY, ExpertStarts, Match, Matching
from domain.ids import ExpertId, SessionId
from domain.interval import Interval
from domain.spans import micros
from domain.wanted_times import Starts, WantedTimes, starts_of

MOST_NAMED: Final = 20_000
"""Experts named by the times of one answer, which ends early for it: however long their ids are, there is room for all
else."""
STARTS_A_SLICE: Final = 10_000
"""Of all experts together, that are held against each other without a break: a millisecond or two."""
MOMENT: Final = timedelta(microseconds=1)
Told: TypeAlias = Callable[[ExpertId, Availability], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTimes:
    """Starts in microseconds since 1970, in order, each with whom it suits; `more` says that there are later ones.

    `looked_at` is how many came into question, those of each expert counted by themselves.
    """

    starts: Sequence[tuple[int, Match]]
    more: bool
    looked_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FindTimes:
    look_up: LookUpAvailability
    clock: Clock

    async def __call__(
        self,
        expert_ids: Sequence[ExpertId],
        wanted: WantedTimes,
        matching: Matching,
        *,
        told: Told,
        later_than: int | None = None,
        limit: int,
        excluded: Collection[SessionId] = (),
        max_age: timedelta | None = None,
        budget: timedelta,
    ) -> FoundTimes:
        """The first `limit` of the times from now on, or fewer where they name many experts.

        `told` hears of each expert who exists; a time never suits one who doesn't. Raises TooManyStarts and, perhaps
        after `told` has heard of some, QuestionTooLarge.
        """
        now = self.clock.now()
        not_before = micros(now + wanted.notice)
        if later_than is not None:
            not_before = max(not_before, later_than + 1)
        starts = starts_of(wanted, not_before=not_before, experts=len(expert_ids))
        nobody = BUSY * len(starts.at)
        rows: dict[ExpertId, Sequence[int]] = dict.fromkeys(expert_ids, nobody)
        turns = _Turns()
        # Without a start all that has to be known is who there is. Readings are kept of now, if not of the window.
        asked = starts.in_question if starts.at else Interval(now, now + MOMENT)
        answers = self.look_up.of_many(expert_ids, asked, budget=budget, max_age=max_age, excluded=excluded)
        async with aclosing(answers):
            async for expert_id, availability in answers:
                told(expert_id, availability)
                rows[expert_id] = await _row(starts, availability, turns)
        return await _first(starts, matching, [rows[one] for one in expert_ids], limit, turns.slices)


@dataclass(slots=True)
class _Turns:
    """Lets others have theirs after each slice of intervals, of however many experts these are."""

    slices: Slices = field(default_factory=Slices)
    intervals: int = 0

    async def worked(self, intervals: int) -> None:
        self.intervals += intervals
        if self.intervals > SLICE:
            self.intervals = 0
            await self.slices.give_way()


async def _row(starts: Starts, availability: Availability, turns: _Turns) -> Sequence[int]:
    theirs = ExpertStarts(starts, availability)
    await turns.worked(len(starts.needed))  # each is looked for among the intervals, however few these are
    for intervals in theirs.take_busy(SLICE):
        await turns.worked(intervals)
    return theirs.row


async def _first(
    starts: Starts, matching: Matching, rows: Sequence[Sequence[int]], limit: int, slices: Slices
) -> FoundTimes:
    found: list[tuple[int, Match]] = []
    looked_at, named = len(starts.at) * len(rows), 0
    each = max(STARTS_A_SLICE // len(rows), 1)
    for begin in range(0, len(starts.at), each):
        if begin:
            await slices.give_way()
        for place, match in matching.matches([row[begin : begin + each] for row in rows]):
            named += len(match.free) + len(match.unknown)
            if len(found) == limit or named > MOST_NAMED:
                return FoundTimes(starts=found, more=True, looked_at=looked_at)
            found.append((starts.at[begin + place], match))
    return FoundTimes(starts=found, more=False, looked_at=looked_at)
