"""Questions about a great deal of time: worked on one after the other and a slice at a time, and not without end."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from application.availability.slices import Slices
from application.ports.known_times import KnownTime
from domain.interval import Interval
from domain.question_size import require_affordable
from domain.taken import Taken

SLICE: Final = 2_000
"""Intervals that are worked on without a break, some two milliseconds; what has no more is answered at once."""
LARGE: Final = 10_000
"""Intervals of a question that has to wait until others of its kind are done."""

FEW_BOOKED: Final = 200
"""Sessions of an expert that may be counted wherever they are: a hundred experts with so many are not too much."""
FIRST_EXPERTS: Final = 4
"""Of a question about many, before anything is known of how much there is of each."""


class LargeQuestions:
    """Of a process. Whoever asks little passes those who ask for much: they wait for each other only, and let everybody
    else have a turn after each slice. Whoever is cancelled stops at the next slice."""

    def __init__(self) -> None:
        self._place = asyncio.Semaphore(1)

    @asynccontextmanager
    async def place(self, size: "QuestionSize") -> AsyncIterator[None]:
        """For the work on a part of a question; free for one that has been small so far."""
        if size.intervals <= LARGE:
            yield
            return
        async with self._place:
            yield

    async def work_out(self, taken: Taken, size: "QuestionSize") -> None:
        """Unites what is taken, for an answer; by whoever has the place, if there is much of it."""
        if not taken.worked_out and taken.size > SLICE:
            for _ in taken.work_out_spans(most=SLICE):
                await size.slices.give_way()
        elif size.ends_slice(taken.size):
            await size.slices.give_way()

    async def work_out_in_turn(self, taken: Taken) -> None:
        """The same for a question about one expert. Raises QuestionTooLarge."""
        size = QuestionSize(intervals=taken.size)
        require_affordable(size.intervals)
        async with self.place(size):
            await self.work_out(taken, size)


@dataclass(slots=True)
class QuestionSize:
    """How many intervals were found for a question so far, and how many experts to go on with."""

    intervals: int = 0
    experts_next: int = FIRST_EXPERTS
    slices: Slices = field(default_factory=Slices)
    _in_slice: int = 0

    def add(self, known: Collection[KnownTime], window: Interval) -> None:
        """Raises QuestionTooLarge."""
        self.intervals += sum(intervals_in(one, window) for one in known)
        require_affordable(self.intervals)
        each = sum(map(intervals_kept, known)) // max(len(known), 1)
        self.experts_next = min(max(LARGE // max(each, 1), 1), 4 * self.experts_next)

    def ends_slice(self, intervals: int) -> bool:
        """Whether these are the last ones of a slice, of a question that has become large."""
        self._in_slice += intervals
        if self._in_slice <= SLICE or self.intervals <= LARGE:
            return False
        self._in_slice = 0
        return True


def intervals_in(known: KnownTime, window: Interval) -> int:
    kept = sum(one.reading.busy.count_in(window) for one in known.calendars if one.reading is not None)
    booked = len(known.booked)
    if booked > FEW_BOOKED:  # all that are kept, perhaps, and not only those in the window
        booked = sum(one.interval.overlaps(window) for one in known.booked)
    return kept + booked + len(known.held)


def intervals_kept(known: KnownTime) -> int:
    kept = sum(len(one.reading.busy) for one in known.calendars if one.reading is not None)
    return kept + len(known.booked) + len(known.held)
