"""What a question costs its caller beside the call itself."""

from types import TracebackType
from typing import Final, Self

from domain.availability import Availability, ReadingSource
from domain.question_size import QuestionTooLarge
from server.current_call import current_call
from server.rpc.callers.limits import LARGE_QUESTION, LIVE_READING

STARTS_AN_INTERVAL: Final = 25
"""So many starts take as long to look at as an interval takes to be united."""


class QuestionCost:
    """Of one question, perhaps about several experts, of the call under way: charged when its block ends, however it
    does. Who gives up halfway has had half of the work.

    `fresh` says that the caller set how old readings may be.
    """

    __slots__ = ("_call", "_fresh", "_intervals", "_looks")

    def __init__(self, *, fresh: bool) -> None:
        call = current_call.get(None)
        self._call = None if call is None or call.cost is None else call
        self._fresh = fresh
        self._intervals = self._looks = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, QuestionTooLarge):  # which the gate charges for
            self._charge()

    def add(self, availability: Availability) -> None:
        if self._call is None:
            return
        self._intervals += availability.taken.size
        if self._fresh:
            live = sum(one.source is ReadingSource.LIVE for one in availability.readings)
            self._looks += live + len(availability.unread)

    def add_starts(self, starts: int) -> None:
        """That FindTimes looked at, those of each expert counted by themselves."""
        self._intervals += starts // STARTS_AN_INTERVAL

    def _charge(self) -> None:
        if self._call is not None:
            large = self._intervals if self._intervals > LARGE_QUESTION else 0
            self._call.cost = (self._call.cost or 0) + large + self._looks * LIVE_READING


def charge(availability: Availability, *, fresh: bool) -> None:
    """The same for a question about one expert."""
    with QuestionCost(fresh=fresh) as cost:
        cost.add(availability)
