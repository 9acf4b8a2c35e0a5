"""What is known of experts' time, as fresh as the caller wants it: from stored readings, otherwise read now."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from application.availability.evidence import (
    Failures,
    Question,
    ToLookAt,
    answers_without_looking,
    put_together,
)
from application.availability.large_questions import LargeQuestions, QuestionSize
from application.availability.live_reads import LiveAnswers, LiveReads
from application.ports.clock import Clock
from application.ports.known_times import KnownTime, KnownTimes
from application.ports.meters import AnswerMeter
from application.ports.provider import CalendarProviders, answering_together
from application.readings.single_flight import SingleFlight
from domain.availability import Availability, ReadFailure, UnreadReason, require_answerable
from domain.expert import ExpertNotFound
from domain.ids import CalendarId, ExpertId, HoldId, SessionId
from domain.interval import Interval
from domain.reading import parts_outside

LOOKS_AT_ONCE = 50
"""Of one question, so that a large one doesn't hold up all others."""
TIMED_OUT = ReadFailure(reason=UnreadReason.TIMED_OUT)
Answers: TypeAlias = AsyncGenerator[tuple[ExpertId, Availability], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpAvailability:
    """`default_max_age` counts where the caller sets no bound."""

    known_times: KnownTimes
    clock: Clock
    providers: CalendarProviders
    reads: SingleFlight[CalendarId, ReadFailure | None]
    live_reads: LiveReads
    large: LargeQuestions
    default_max_age: timedelta
    meter: AnswerMeter

    async def __call__(
        self,
        expert_id: ExpertId,
        window: Interval,
        *,
        budget: timedelta,
        max_age: timedelta | None = None,
        excluded: Collection[SessionId] = (),
        excluded_holds: Collection[HoldId] = (),
    ) -> Availability:
        """All evidence on `window`. What can't be had within `budget` is named unread, never waited for.

        `excluded` sessions and holds don't make the expert busy. Raises ExpertNotFound, WindowTooLong,
        QuestionTooLarge.
        """
        question = self._question(window, max_age, excluded, excluded_holds)
        known = await self.known_times.of([expert_id], window, now=question.came_at)
        now = self.clock.now()
        answers = answers_without_looking(known, question, now)
        if len(answers) < len(known):
            to_look_at = ToLookAt.among(known.values(), question, now)
            failures, live = await self._look(to_look_at, question, budget)
            # Looked up after looking: sessions accepted meanwhile count, and their events never do.
            known = await self.known_times.of([expert_id], window, now=self.clock.now())
            now = self.clock.now()
            answers = {one: put_together(it, question, now, failures, live) for one, it in known.items()}
        if expert_id not in answers:
            raise ExpertNotFound
        answer = answers[expert_id]
        if not answer.taken.worked_out:
            await self.large.work_out_in_turn(answer.taken)
        self.meter.answered(answer, now)
        return answer

    async def of_many(
        self,
        expert_ids: Sequence[ExpertId],
        window: Interval,
        *,
        budget: timedelta,
        max_age: timedelta | None,
        excluded: Collection[SessionId] = (),
    ) -> Answers:
        """The same for each of the experts that exists, all within one `budget`, in any order. `excluded` sessions are
        left out of whoever has them.

        One after the other, so that nobody has to hold it all; close it where you stop early. Raises WindowTooLong and,
        perhaps after some answers, QuestionTooLarge.
        """
        question = self._question(window, max_age, excluded)
        to_look_at, size = ToLookAt(), QuestionSize()
        async with aclosing(self._by_parts(expert_ids, question, size)) as parts:
            async for known in parts:
                now = self.clock.now()
                answers = answers_without_looking(known, question, now)
                to_look_at.add((one for name, one in known.items() if name not in answers), question, now)
                for expert_id, answer in answers.items():
                    await self.large.work_out(answer.taken, size)
                    self.meter.answered(answer, now)
                    yield expert_id, answer
        if not to_look_at.experts:
            return
        failures, live = await self._look(to_look_at, question, budget)
        left, size = [one.expert_id for one in to_look_at.experts], QuestionSize()
        async with aclosing(self._by_parts(left, question, size)) as parts:
            async for known in parts:
                now = self.clock.now()
                for expert_id, one in known.items():
                    answer = put_together(one, question, now, failures, live)
                    await self.large.work_out(answer.taken, size)
                    self.meter.answered(answer, now)
                    yield expert_id, answer

    def _question(
        self,
        window: Interval,
        max_age: timedelta | None,
        excluded: Collection[SessionId] = (),
        excluded_holds: Collection[HoldId] = (),
    ) -> Question:
        require_answerable(window)
        now = self.clock.now()
        kept = self.live_reads.kept(now)
        return Question(
            window=window,
            inside=window.clipped_to(kept),
            outside=parts_outside(window, kept),
            came_at=now,
            not_before=now - (self.default_max_age if max_age is None else max_age),
            excluded=frozenset(excluded),
            excluded_holds=frozenset(excluded_holds),
        )

    async def _by_parts(
        self, expert_ids: Sequence[ExpertId], question: Question, size: QuestionSize
    ) -> AsyncGenerator[Mapping[ExpertId, KnownTime], None]:
        """What is known of a few at a time: the less, the more there is of each. Raises QuestionTooLarge."""
        done = 0
        while done < len(expert_ids):
            some = expert_ids[done : done + size.experts_next]
            async with self.large.place(size):
                known = await self.known_times.of(some, question.window, now=self.clock.now())
                size.add(known.values(), question.window)
                yield known
            done += len(some)

    async def _look(
        self, to_look_at: ToLookAt, question: Question, budget: timedelta
    ) -> tuple[Failures, LiveAnswers]:
        places, begun_at = asyncio.Semaphore(LOOKS_AT_ONCE), self.clock.now()
        try:
            return await asyncio.gather(
                self._look_now(to_look_at, budget, places),
                self.live_reads(
                    to_look_at.experts,
                    question.outside,
                    not_before=question.not_before,
                    budget=budget,
                    places=places,
                ),
            )
        finally:
            self.meter.looked(self.clock.now() - begun_at, budget=budget)

    async def _look_now(self, to_look_at: ToLookAt, budget: timedelta, places: asyncio.Semaphore) -> Failures:
        """Read what is stale, all at once."""

        async def look(group: Mapping[CalendarId, datetime]) -> Failures:
            found = await self.reads.join_all(group, budget=budget, places=places)
            return {one: found.get(one, TIMED_OUT) for one in group}

        groups = to_look_at.groups(answering_together(self.providers))
        found = await asyncio.gather(*(look(one) for one in groups))
        return {calendar_id: failure for one in found for calendar_id, failure in one.items()}
