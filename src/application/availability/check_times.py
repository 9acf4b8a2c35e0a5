"""Say of candidate times whether the expert is free."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from application.availability.look_up_availability import LookUpAvailability
from domain.availability import Availability, CheckedTime
from domain.ids import ExpertId, SessionId
from domain.interval import Interval
from domain.question_size import require_affordable
from domain.spans import Span, instant

MANY_SESSIONS: Final = 1_000
"""Of an expert: two hundred verdicts that name fewer are not too much, whatever they name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTimes:
    """One verdict a candidate, in the order asked, and the evidence behind them."""

    times: Sequence[CheckedTime]
    availability: Availability


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTimes:
    look_up: LookUpAvailability

    async def __call__(
        self,
        expert_id: ExpertId,
        candidates: Sequence[Span],
        *,
        excluded: Collection[SessionId] = (),
        max_age: timedelta | None = None,
        budget: timedelta,
    ) -> CheckedTimes:
        """For at least one candidate, each ending after it starts; with its buffers, if it has any.

        Raises ExpertNotFound, WindowTooLong when together they span more than is answered at once, QuestionTooLarge.
        """
        window = Interval(
            instant(min([start for start, _ in candidates])), instant(max([end for _, end in candidates]))
        )
        known = await self.look_up(expert_id, window, excluded=excluded, max_age=max_age, budget=budget)
        times = known.check_all(candidates)
        if len(known.taken.booked) > MANY_SESSIONS:
            # Whoever asks about years at a time has all their sessions named by each verdict.
            require_affordable(sum(len(one.takers.sessions) for one in times))
        return CheckedTimes(times=times, availability=known)
