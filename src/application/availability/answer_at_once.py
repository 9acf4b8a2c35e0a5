"""The usual question, whose answer is all kept: what is worked out for one is kept for the next.

Whoever asks about a time that all calendars were read for, and leaves nothing out, is shown a part of one and the same
whole. Everything else takes the longer way of `LookUpAvailability`, which would give the same answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from application.ports.known_times import KnownCalendar, KnownTime, Workings
from domain.availability import Availability, Reading, ReadingSource
from domain.interval import Interval
from domain.reading import StoredReading
from domain.taken import Taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """All that is known of an expert, none of whose calendars is unread; made of `known`.

    `windows` are those of the readings. `taken` is without holds, which end by themselves.
    """

    known: KnownTime
    taken: Taken
    readings: tuple[Reading, ...]
    windows: tuple[Interval, ...]

    def says_all_of(self, window: Interval) -> bool:
        return all(one.holds(window) for one in self.windows)

    def is_read(self, *, not_before: datetime, before: datetime) -> bool:
        return all(not_before <= one.read_at < before for one in self.readings)


def answer_at_once(
    known: KnownTime, window: Interval, *, not_before: datetime, came_at: datetime
) -> Availability | None:
    """The answer to a question that leaves nothing out, on a window that is kept; None where it takes the longer way.

    No reading may be older than `not_before`, and one made since `came_at` was not kept.
    """
    if known.workings is None or known.held:
        return None
    whole = _whole(known, known.workings)
    if (
        whole is None
        or not whole.is_read(not_before=not_before, before=came_at)
        or not whole.says_all_of(window)
    ):
        return None
    return Availability(
        window=window,
        rule=known.rule,
        readings=whole.readings,
        unread=(),
        taken=whole.taken,
        unchecked=known.unchecked,
    )


def is_worked_out(workings: Workings) -> bool:
    """Whether an answer at once costs next to nothing."""
    return isinstance(workings.whole, Whole) and workings.whole.taken.worked_out


def _whole(known: KnownTime, workings: Workings) -> Whole | None:
    before = workings.whole
    assert before is None or isinstance(before, Whole)
    if before is not None and before.known is known:
        return before
    whole = workings.whole = _made(known, None if before is None else before.taken)
    return whole


def _made(known: KnownTime, taken: Taken | None) -> Whole | None:
    """`taken` is what was worked out before, when only readings' times were others."""
    read = [(one, one.reading) for one in known.calendars if one.reading is not None and one.can_be_read]
    if len(read) < len(known.calendars) or any(reading.rule != known.rule for _, reading in read):
        return None
    return Whole(
        known=known,
        taken=taken or _taken(known, read),
        readings=tuple([_reading(*one) for one in read]),
        windows=tuple([reading.window for _, reading in read]),
    )


def _taken(known: KnownTime, read: Sequence[tuple[KnownCalendar, StoredReading]]) -> Taken:
    return Taken(
        calendars=tuple([(calendar.calendar_id, reading.taken()) for calendar, reading in read]),
        booked=known.booked,
    )


def _reading(calendar: KnownCalendar, reading: StoredReading) -> Reading:
    return Reading(
        calendar_id=calendar.calendar_id,
        account_id=calendar.account_id,
        read_at=reading.read_at,
        busy=reading.busy,
        source=ReadingSource.STORED,
    )
