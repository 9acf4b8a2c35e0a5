"""What is known of experts' time, as fresh as the caller wants it: from stored readings, otherwise read now."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce

from application.availability.answer_at_once import answer_at_once
from application.availability.live_reads import LiveAnswers, LiveReads
from application.ports.clock import Clock
from application.ports.known_times import KnownCalendar, KnownTime, KnownTimes
from application.readings.single_flight import SingleFlight
from domain.availability import (
    Availability,
    ReadFailure,
    Reading,
    ReadingSource,
    Unread,
    UnreadReason,
    require_answerable,
    still_booked,
    still_held,
)
from domain.expert import ExpertNotFound
from domain.ids import CalendarId, ExpertId, HoldId, SessionId
from domain.interval import Interval
from domain.reading import StoredReading, parts_outside
from domain.taken import Taken

LOOKS_AT_ONCE = 50
"""Of one question, so that a large one doesn't hold up all others."""
NOT_LOOKED_AT = ReadFailure(reason=UnreadReason.TIMED_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, of whomever. Readings made before `not_before` are too old; one made since `came_at` is live.

    Readings are kept for the part of `window` that is `inside`, if any; the parts `outside` are read each time.
    """

    window: Interval
    inside: Interval | None
    outside: tuple[Interval, ...]
    came_at: datetime
    not_before: datetime
    excluded: frozenset[SessionId]
    excluded_holds: frozenset[HoldId]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpAvailability:
    """`default_max_age` counts where the caller sets no bound."""

    known_times: KnownTimes
    clock: Clock
    reads: SingleFlight[CalendarId, ReadFailure | None]
    live_reads: LiveReads
    default_max_age: timedelta

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

        `excluded` sessions and holds don't make the expert busy. Raises ExpertNotFound, WindowTooLong.
        """
        question = self._question(window, max_age, excluded, excluded_holds)
        found = await self._answer([expert_id], question, budget)
        if expert_id not in found:
            raise ExpertNotFound
        return found[expert_id]

    async def of_many(
        self,
        expert_ids: Collection[ExpertId],
        window: Interval,
        *,
        budget: timedelta,
        max_age: timedelta | None,
    ) -> Mapping[ExpertId, Availability]:
        """The same for each of the experts that exists, all within one `budget`. Raises WindowTooLong."""
        return await self._answer(expert_ids, self._question(window, max_age), budget)

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

    async def _answer(
        self, expert_ids: Collection[ExpertId], question: Question, budget: timedelta
    ) -> dict[ExpertId, Availability]:
        now = question.came_at
        known = await self.known_times.of(expert_ids, question.window, now=now)
        answers = _at_once(known, question)
        if len(answers) < len(known):
            rest = {expert_id: one for expert_id, one in known.items() if expert_id not in answers}
            answers |= await self._answer_by_looking(rest, question, budget)
        return answers

    async def _answer_by_looking(
        self, known: Mapping[ExpertId, KnownTime], question: Question, budget: timedelta
    ) -> dict[ExpertId, Availability]:
        now = question.came_at
        stale = _stale(known.values(), question, now)
        failures: dict[CalendarId, ReadFailure | None] = {}
        live: LiveAnswers = {}
        if stale or question.outside:
            places = asyncio.Semaphore(LOOKS_AT_ONCE)
            failures, live = await asyncio.gather(
                self._look_now(stale, question, budget, places),
                self.live_reads(
                    known.values(),
                    question.outside,
                    not_before=question.not_before,
                    budget=budget,
                    places=places,
                ),
            )
            # Looked up after looking: sessions accepted meanwhile count, and their events never do.
            now = self.clock.now()
            known = await self.known_times.of(known.keys(), question.window, now=now)
        return {
            expert_id: _put_together(one, question, now, failures, live) for expert_id, one in known.items()
        }

    async def _look_now(
        self,
        stale: Collection[CalendarId],
        question: Question,
        budget: timedelta,
        places: asyncio.Semaphore,
    ) -> dict[CalendarId, ReadFailure | None]:
        """Read these, all at once. Of each: why it is still unread, or None."""

        async def look(calendar_id: CalendarId) -> ReadFailure | None:
            try:
                async with asyncio.timeout(max(budget.total_seconds(), 0)), places:
                    return await self.reads.join(calendar_id, not_before=question.not_before)
            except TimeoutError:
                return ReadFailure(reason=UnreadReason.TIMED_OUT)

        failures = await asyncio.gather(*(look(calendar_id) for calendar_id in stale))
        return dict(zip(stale, failures, strict=True))


def _at_once(known: Mapping[ExpertId, KnownTime], question: Question) -> dict[ExpertId, Availability]:
    if question.outside or question.excluded or question.excluded_holds:
        return {}
    answers = {
        expert_id: answer_at_once(
            one, question.window, not_before=question.not_before, came_at=question.came_at
        )
        for expert_id, one in known.items()
    }
    return {expert_id: answer for expert_id, answer in answers.items() if answer is not None}


def _stale(known: Iterable[KnownTime], question: Question, now: datetime) -> list[CalendarId]:
    """The calendars that must be read now, as far as reading can help."""
    return [
        calendar.calendar_id
        for one in known
        for calendar in one.calendars
        if _standing_hindrance(calendar) is None and not _counts(calendar.reading, one, question, now)
    ]


def _put_together(
    known: KnownTime,
    question: Question,
    now: datetime,
    failures: Mapping[CalendarId, ReadFailure | None],
    live: LiveAnswers,
) -> Availability:
    found = [_evidence(one, known, question, now, failures, live) for one in known.calendars]
    readings = tuple(one for one in found if isinstance(one, Reading))
    return Availability(
        window=question.window,
        readings=readings,
        unread=tuple(one for one in found if isinstance(one, Unread)),
        taken=Taken(
            calendars=[(one.calendar_id, one.busy) for one in readings],
            booked=still_booked(known.booked, window=question.window, excluded=question.excluded),
            held=still_held(known.held, window=question.window, excluded=question.excluded_holds),
        ),
    )


def _evidence(
    calendar: KnownCalendar,
    known: KnownTime,
    question: Question,
    now: datetime,
    failures: Mapping[CalendarId, ReadFailure | None],
    live: LiveAnswers,
) -> Reading | Unread:
    """What the calendar says of the whole window: a part that is not known makes all of it unread."""
    hindrance = _standing_hindrance(calendar)
    if hindrance is not None:
        return _unread(calendar, hindrance)
    parts: list[Reading] = []
    if question.inside is not None:
        if calendar.reading is None or not _counts(calendar.reading, known, question, now):
            # A calendar that was chosen, or lost its reading, while others were looked at has no failure of its own.
            return _unread(calendar, failures.get(calendar.calendar_id) or NOT_LOOKED_AT)
        parts.append(_part(calendar, calendar.reading, question))
    if question.outside:
        # Nor was one read live that was chosen, or came back, meanwhile; nor for a zone that is another by now.
        outside = live.get((calendar.calendar_id, known.zone))
        if not isinstance(outside, Reading):
            return outside or _unread(calendar, NOT_LOOKED_AT)
        parts.append(outside.asked_without(question.excluded))
    return reduce(Reading.with_part, parts)


def _part(calendar: KnownCalendar, reading: StoredReading, question: Question) -> Reading:
    return Reading(
        calendar_id=calendar.calendar_id,
        account_id=calendar.account_id,
        read_at=reading.read_at,
        busy=reading.taken(but=question.excluded).clipped_to(question.window),
        source=ReadingSource.LIVE if reading.read_at >= question.came_at else ReadingSource.STORED,
    )


def _unread(calendar: KnownCalendar, failure: ReadFailure) -> Unread:
    return Unread(
        calendar_id=calendar.calendar_id,
        account_id=calendar.account_id,
        reason=failure.reason,
        pause=failure.pause,
    )


def _standing_hindrance(calendar: KnownCalendar) -> ReadFailure | None:
    """What looking could not change."""
    if not calendar.account_active:
        return ReadFailure(reason=UnreadReason.RECONNECT_REQUIRED)
    return ReadFailure(reason=UnreadReason.CALENDAR_MISSING) if calendar.missing else None


def _counts(reading: StoredReading | None, known: KnownTime, question: Question, now: datetime) -> bool:
    """Whether what is kept says enough of the part it is kept for."""
    if question.inside is None:
        return True
    return reading is not None and reading.counts(
        question.inside, not_before=question.not_before, now=now, zone=known.zone
    )
