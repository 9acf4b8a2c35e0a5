"""Busy times of a calendar without those that only events of ours make busy.

They come merged and without ids. What else there is at these times the list of events says, though not which of it is
free: so everything in it is taken for busy here, but what is cancelled.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from domain.blocking import CalendarEntry, Days, Instants, ShowAs
from domain.interval import Interval
from domain.spans import Spans

_UTC: Final = ZoneInfo("UTC")
_ANY_ZONE: Final = timedelta(hours=26)
"""Days are counted in the calendar's own zone here, which isn't known."""


def without_ours(busy: Sequence[CalendarEntry], listed: Sequence[CalendarEntry]) -> Iterator[CalendarEntry]:
    """`listed` are all events of the calendar, ours with their marks. Ours alone are never the reason for a busy time;
    whether they block, they say themselves."""
    ours = Spans.of(_times_of_ours(listed))
    of_ours_alone = ours.without(Spans.of(_times_of_others(listed)))
    if not of_ours_alone:
        yield from busy
        return
    placed = [one.when for one in busy if isinstance(one.when, Instants)]
    known = Spans.of(Interval(min(one.start, one.end), max(one.start, one.end)) for one in placed)
    yield from (one for one in busy if not isinstance(one.when, Instants))
    for left in known.without(of_ours_alone):
        yield CalendarEntry(when=Instants(left.start, left.end), show_as=ShowAs.BUSY)


def _times_of_ours(listed: Iterable[CalendarEntry]) -> Iterator[Interval]:
    for one in listed:
        blocks = one.mark is not None and one.blocks(tentative=True) and isinstance(one.when, Instants)
        if blocks and (at := one.covers(_UTC)) is not None:
            yield at


def _times_of_others(listed: Iterable[CalendarEntry]) -> Iterator[Interval]:
    for one in listed:
        if one.mark is None and not one.cancelled and (at := one.covers(_UTC)) is not None:
            yield at.widened(_ANY_ZONE) if isinstance(one.when, Days) else at
