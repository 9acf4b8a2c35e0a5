"""What is known, held against a question: what must be looked at now, and what an answer says."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from typing import Final, TypeAlias

from application.availability.answer_at_once import answer_at_once, is_worked_out
from application.availability.large_questions import SLICE, intervals_in, intervals_kept
from application.availability.live_reads import LiveAnswers
from application.ports.known_times import KnownCalendar, KnownTime
from domain.account import Provider
from domain.availability import (
    Availability,
    ReadFailure,
    Reading,
    ReadingSource,
    Unread,
    UnreadReason,
    still_booked,
    still_held,
)
from domain.ids import AccountId, CalendarId, ExpertId, HoldId, SessionId
from domain.interval import Interval
from domain.question_size import MOST_INTERVALS
from domain.reading import StoredReading
from domain.taken import Taken

Failures: TypeAlias = Mapping[CalendarId, ReadFailure | None]
"""Of each calendar that was looked at now: why it is still unread, or None."""
NOT_LOOKED_AT = ReadFailure(reason=UnreadReason.TIMED_OUT)
SMALL_PART: Final = 4
"""Of something large, a question about less than the fourth part is answered from that part alone."""


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


@dataclass(slots=True, kw_only=True)
class ToLookAt:
    """Experts whose calendars must be looked at, without what is kept of them, and the calendars whose readings don't
    count, each with the time before which no look may have begun."""

    experts: list[KnownTime] = field(default_factory=list)
    stale: dict[CalendarId, datetime] = field(default_factory=dict)

    @classmethod
    def among(cls, known: Iterable[KnownTime], question: Question, now: datetime) -> "ToLookAt":
        them = cls()
        them.add(known, question, now)
        return them

    def add(self, known: Iterable[KnownTime], question: Question, now: datetime) -> None:
        for one in known:
            calendars = tuple([replace(calendar, reading=None) for calendar in one.calendars])
            self.experts.append(replace(one, calendars=calendars, booked=(), held=(), workings=None))
            self.stale |= _stale(one, question, now)

    def groups(self, together: Collection[Provider]) -> list[dict[CalendarId, datetime]]:
        """What is stale, by what is best asked for at the same moment: all that is of an account where the provider
        answers for several calendars together, otherwise each by itself."""
        accounts: dict[AccountId, dict[CalendarId, datetime]] = {}
        alone: list[dict[CalendarId, datetime]] = []
        for calendar in (calendar for one in self.experts for calendar in one.calendars):
            not_before = self.stale.get(calendar.calendar_id)
            if not_before is None:
                continue
            if calendar.provider in together:
                accounts.setdefault(calendar.account_id, {})[calendar.calendar_id] = not_before
            else:
                alone.append({calendar.calendar_id: not_before})
        return [*alone, *accounts.values()]


def answers_without_looking(
    known: Mapping[ExpertId, KnownTime], question: Question, now: datetime
) -> dict[ExpertId, Availability]:
    """Those that what is kept is enough for. `now` is when it was told, perhaps long after the question came."""
    answers = _answers_at_once(known, question)
    if len(answers) < len(known) and not question.outside:
        answers |= {
            expert_id: put_together(one, question, now, {}, {})
            for expert_id, one in known.items()
            if expert_id not in answers and not _stale(one, question, now)
        }
    return answers


def _answers_at_once(known: Mapping[ExpertId, KnownTime], question: Question) -> dict[ExpertId, Availability]:
    if question.outside or question.excluded or question.excluded_holds:
        return {}
    answers = {
        expert_id: answer_at_once(
            one, question.window, not_before=question.not_before, came_at=question.came_at
        )
        for expert_id, one in known.items()
        if not _asks_for_a_small_part(one, question.window)
    }
    return {expert_id: answer for expert_id, answer in answers.items() if answer is not None}


def _asks_for_a_small_part(known: KnownTime, window: Interval) -> bool:
    """Whether working out the whole for it, as nobody has done before, would be out of proportion."""
    if known.workings is None or is_worked_out(known.workings):
        return False
    whole = intervals_kept(known)
    return whole > SLICE and (whole > MOST_INTERVALS or intervals_in(known, window) * SMALL_PART < whole)


def _stale(known: KnownTime, question: Question, now: datetime) -> dict[CalendarId, datetime]:
    """The calendars that must be read now, as far as reading can help, and since when at the earliest."""
    return {
        calendar.calendar_id: _begun_from(calendar.reading, known, question)
        for calendar in known.calendars
        if _standing_hindrance(calendar) is None and not _counts(calendar.reading, known, question, now)
    }


def _begun_from(reading: StoredReading | None, known: KnownTime, question: Question) -> datetime:
    """Where the rule is another than it was, a look that is under way may have begun under that one."""
    if reading is not None and reading.rule != known.rule:
        return question.came_at
    return question.not_before


def put_together(
    known: KnownTime,
    question: Question,
    now: datetime,
    failures: Failures,
    live: LiveAnswers,
) -> Availability:
    found = [_evidence(one, known, question, now, failures, live) for one in known.calendars]
    readings = tuple(one for one in found if isinstance(one, Reading))
    return Availability(
        window=question.window,
        rule=known.rule,
        readings=readings,
        unread=tuple(one for one in found if isinstance(one, Unread)),
        taken=Taken(
            calendars=[(one.calendar_id, one.busy) for one in readings],
            booked=still_booked(known.booked, window=question.window, excluded=question.excluded),
            held=still_held(known.held, window=question.window, excluded=question.excluded_holds),
        ),
        unchecked=known.unchecked,
    )


def _evidence(
    calendar: KnownCalendar,
    known: KnownTime,
    question: Question,
    now: datetime,
    failures: Failures,
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
        # Nor was one read live that was chosen, or came back, meanwhile; nor under a rule that is another by now.
        outside = live.get((calendar.calendar_id, known.rule))
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
        question.inside, not_before=question.not_before, now=now, rule=known.rule
    )
