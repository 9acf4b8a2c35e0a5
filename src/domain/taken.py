"""What is taken of one expert's time, and by what: calendars, sessions and holds together.

Times are numbers here, microseconds since 1970: many candidates are compared with many spans.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from domain.ids import CalendarId, HoldId, SessionId
from domain.interval import Interval
from domain.overlaps import ByStart, ByStretch, overlapping
from domain.spans import Span, Spans, united_by_parts

T = TypeVar("T")
Overlapping: TypeAlias = Callable[[int, int], tuple[CalendarId, ...]]

MOST_BY_STRETCH: Final = 2_000
"""Intervals whose stretches are made in one go, in a millisecond or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedTime:
    """A live session of the expert: counts as busy from the moment it is accepted."""

    session_id: SessionId
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTime:
    """A time reserved for a moment while someone books."""

    hold_id: HoldId
    interval: Interval


class Takers(NamedTuple):
    """Who takes a time. A plain tuple: there is one for every candidate that is taken."""

    calendars: tuple[CalendarId, ...] = ()
    sessions: tuple[SessionId, ...] = ()
    holds: tuple[HoldId, ...] = ()


NOBODY = Takers()


@dataclass(frozen=True, kw_only=True, eq=False)
class Taken:
    """Never changes, so that what was worked out once holds for good, for all the questions that are asked of it."""

    calendars: Sequence[tuple[CalendarId, Spans]] = ()
    booked: Sequence[BookedTime] = ()
    held: Sequence[HeldTime] = ()
    _derived: dict[Callable[["Taken"], Any], Any] = field(default_factory=dict, init=False, repr=False)
    _asked: "count[int]" = field(default_factory=count, init=False, repr=False)

    @cached_property
    def spans(self) -> Spans:
        """All of it."""
        return self._ours.united(*(spans for _, spans in self.calendars))

    @property
    def worked_out(self) -> bool:
        """Whether `spans` are at hand."""
        return "spans" in self.__dict__

    @property
    def size(self) -> int:
        """How many intervals there are to unite."""
        return sum(len(spans) for _, spans in self.calendars) + len(self.booked) + len(self.held)

    def work_out_spans(self, *, most: int) -> Generator[None, None, None]:
        """Makes `spans` before they are asked for, some `most` intervals a step."""
        if not self.worked_out:
            sets = (self._ours, *(spans for _, spans in self.calendars))
            self.__dict__["spans"] = yield from united_by_parts(sets, most)

    def by(self, span: Span) -> Takers | None:
        """Who takes some of it; None when nobody does. Sessions and holds come by start."""
        (takers,) = self.by_each((span,))
        return takers

    def by_each(self, spans: Iterable[Span]) -> list[Takers | None]:
        """The same of many, in their order."""
        meets = self.spans.meets
        # What takes longer to make than it saves is made only for who is asked about again.
        calendars = self._calendars_again if next(self._asked) else self._calendars_once
        return [self._takers(calendars, start, end) if meets(start, end) else None for start, end in spans]

    def _takers(self, calendars: Overlapping, start: int, end: int) -> Takers:
        return Takers(
            calendars(start, end),
            self._sessions.overlapping(start, end) if self.booked else (),
            self._holds.overlapping(start, end) if self.held else (),
        )

    def _calendars_once(self, start: int, end: int) -> tuple[CalendarId, ...]:
        return overlapping(self.calendars, start, end)

    def derived(self, make: Callable[["Taken"], T]) -> T:
        """What `make` makes of it, kept with it: made once, however often it is asked for."""
        if make not in self._derived:
            self._derived[make] = make(self)
        made: T = self._derived[make]
        return made

    def has(self, make: Callable[["Taken"], Any]) -> bool:
        """Whether that is kept."""
        return make in self._derived

    def keep(self, make: Callable[["Taken"], T], made: T) -> None:
        """For whoever has made by steps what `make` makes at once."""
        self._derived[make] = made

    @property
    def _ours(self) -> Spans:
        return Spans.of((*(one.interval for one in self.booked), *(one.interval for one in self.held)))

    @cached_property
    def _calendars_again(self) -> Overlapping:
        few = self.size <= MOST_BY_STRETCH
        return ByStretch.of(self.calendars).overlapping if few else self._calendars_once

    @cached_property
    def _sessions(self) -> ByStart[SessionId]:
        return ByStart.of((one.session_id, one.interval) for one in self.booked)

    @cached_property
    def _holds(self) -> ByStart[HoldId]:
        return ByStart.of((one.hold_id, one.interval) for one in self.held)
