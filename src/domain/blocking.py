"""What blocks: from the entries of a calendar to its busy time."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from domain.ids import EventMark
from domain.interval import Interval
from domain.spans import Spans, as_span, micros
from domain.zone import local_days

ANYWHERE_ON_EARTH = timedelta(hours=14)
"""No place's clock is further from UTC than this."""


class ShowAs(Enum):
    """The status of a calendar entry; UNKNOWN also stands for a missing one and for words never seen."""

    FREE = "FREE"
    TENTATIVE = "TENTATIVE"
    BUSY = "BUSY"
    OUT_OF_OFFICE = "OUT_OF_OFFICE"
    WORKING_ELSEWHERE = "WORKING_ELSEWHERE"
    UNKNOWN = "UNKNOWN"


NOT_BLOCKING = frozenset({ShowAs.FREE, ShowAs.WORKING_ELSEWHERE})
"""Whatever the expert's settings say; TENTATIVE is theirs to decide."""


@dataclass(frozen=True, slots=True)
class BlockingRule:
    """What busy time depends on beside the entries: what was made under another rule says nothing under this one.

    `zone` is the name of the expert's time zone: all-day entries block its local days, and no others.
    """

    zone: str
    tentative_blocks: bool = False


@dataclass(frozen=True, slots=True)
class Instants:
    """An entry that happens from one instant to another; both in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Days:
    """An all-day entry: dates, not instants; `after_last` is the first day it no longer covers."""

    first: date
    after_last: date


@dataclass(frozen=True, slots=True)
class FloatingTimes:
    """Wall-clock times of wherever the person is, which is the expert's zone; both naive."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class UnplacedTimes:
    """Wall-clock times of a zone nobody can resolve; both naive."""

    start: datetime
    end: datetime


When = Instants | Days | FloatingTimes | UnplacedTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """All we ever learn of an event: when, with which status, whether it carries a mark, and its id at the provider.

    The id only tells whether it is one of ours. It is stored nowhere, and two entries are the same without it.
    """

    when: When
    show_as: ShowAs
    cancelled: bool = False
    declined: bool = False
    mark: EventMark | None = None
    remote_id: str | None = field(default=None, repr=False, compare=False)

    def blocks(self, *, tentative: bool) -> bool:
        """`tentative`: whether tentative entries do, as the expert's settings say."""
        if self.cancelled or self.declined:
            return False
        if self.show_as is ShowAs.BUSY:
            return True  # as nearly all are; to look a member of an enum up takes longer than all the rest
        if self.show_as in NOT_BLOCKING:
            return False
        return tentative or self.show_as is not ShowAs.TENTATIVE

    def covers(self, zone: ZoneInfo) -> Interval | None:
        """The time it takes up, whatever its status; None for a moment without length.

        `zone` is the expert's: all-day entries cover its local days, floating ones are on its clock.
        """
        return _covered(self.when, zone)


def busy_time(
    entries: Iterable[CalendarEntry], *, window: Interval, zone: ZoneInfo, tentative_blocks: bool
) -> Spans:
    """When the entries of one calendar block, inside `window`, as disjoint intervals in order.

    `zone` is the expert's: all-day entries block its local days, floating ones are on its clock. So is
    `tentative_blocks`.
    """
    starts: list[int] = []
    ends: list[int] = []
    for entry in entries:
        if not entry.blocks(tentative=tentative_blocks):
            continue
        when = entry.when
        if isinstance(when, Instants):
            # Without an object between: there may be a hundred thousand of these.
            start, end = micros(when.start), micros(when.end)
        else:
            covered = _covered(when, zone)
            if covered is None:
                continue
            start, end = as_span(covered)
        if start > end:
            start, end = end, start
        if start < end:
            starts.append(start)
            ends.append(end)
    return Spans.between(starts, ends).clipped_to(window)


def _covered(when: When, zone: ZoneInfo) -> Interval | None:
    match when:
        case Days(first, after_last):
            return local_days(first, after_last, zone)
        case FloatingTimes(start, end):
            return _on_the_clock_of(zone, start, end)
        case UnplacedTimes(start, end):
            stretch = _between(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC))
            return stretch and stretch.widened(ANYWHERE_ON_EARTH)
        case Instants(start, end):
            return _between(start, end)


def _on_the_clock_of(zone: ZoneInfo, start: datetime, end: datetime) -> Interval | None:
    """A time the clocks jump over is read with the offset before the jump, of two equal ones the first."""
    begins, ends = (time.replace(tzinfo=zone, fold=0).astimezone(UTC) for time in (start, end))
    if begins >= ends and start < end:
        ends = begins + (
            end - start
        )  # it began in the hour that is jumped over, and would end before it began
    return _between(begins, ends)


def _between(one: datetime, other: datetime) -> Interval | None:
    """The time between two instants in whichever order; a moment without length blocks nothing."""
    return Interval(min(one, other), max(one, other)) if one != other else None
