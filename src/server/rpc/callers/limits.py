"""How much of a process one caller may use, so that another's calls are still answered."""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from server.rpc.callers.rules import Rule
from server.rpc.faults import CallerLimitReached

BURST_SECONDS: Final = 2.0
"""So much of what a second may have can come at once, after a pause."""
SOONEST_SECONDS, LATEST_SECONDS = 0.2, 1.0
"""Who has too many calls under way comes back somewhere between: when one ends, nobody can say."""
OF_A_BATCH: Final = 10
"""Requests of a batch that are put at once, and count as so many calls under way."""
STREAMS_SOONEST_SECONDS, STREAMS_LATEST_SECONDS = 5.0, 30.0
LARGE_QUESTION: Final = 2_000
"""Intervals that a question may take for the price of a call; docs/performance.md says what they cost."""
LIVE_READING: Final = 1_000
"""Intervals' worth of a calendar that the provider has to be asked for, because the caller wants it fresh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLimits:
    """Of each caller, in one process."""

    calls_at_once: int = 250
    calls_per_second: float = 2_000.0
    streams: int = 2_000
    intervals_per_second: float = 400_000.0


class Pace:
    """So much a second, and `BURST_SECONDS` of it at once. What was spent beyond that is waited for afterwards.

    The generic cell rate algorithm of ATM: one number says until when everything that was spent is paid for.
    """

    __slots__ = ("_paid_until", "_seconds_each")

    def __init__(self, per_second: float) -> None:
        self._seconds_each = 1 / per_second
        self._paid_until = 0.0

    def wait_seconds(self, now: float) -> float:
        """Until something may be spent; 0 for at once."""
        return max(self._paid_until - now - BURST_SECONDS, 0.0)

    def spend(self, now: float, amount: float) -> None:
        self._paid_until = max(self._paid_until, now) + amount * self._seconds_each


class CallerUse:
    """What one caller uses of this process."""

    __slots__ = ("_calls", "_intervals", "_limits", "_open_calls", "_open_streams", "_times")

    def __init__(self, limits: CallerLimits, times: int) -> None:
        self._limits = limits
        self._times = times
        self._open_calls = self._open_streams = 0
        self._calls = Pace(limits.calls_per_second * times)
        self._intervals = Pace(limits.intervals_per_second * times)

    @property
    def times(self) -> int:
        return self._times

    @property
    def idle(self) -> bool:
        return not self._open_calls and not self._open_streams

    def begin_call(self, rule: Rule, now: float) -> None:
        """Raises CallerLimitReached; otherwise `end_call` has to follow."""
        if self._open_calls >= (most := self._limits.calls_at_once * self._times):
            raise _reached("calls_at_once", most, random.uniform(SOONEST_SECONDS, LATEST_SECONDS))  # noqa: S311 - spreads only
        self._require_pace(now)
        if rule.by_cost and (wait := self._intervals.wait_seconds(now)):
            raise _reached("intervals_per_second", self._limits.intervals_per_second * self._times, wait)
        self._calls.spend(now, 1)
        self._open_calls += 1

    def begin_others(self, calls: int, at_once: int, now: float) -> None:
        """For calls that came in one with a first, of which so many more are under way at once: the next that comes is
        refused if that is too much."""
        self._calls.spend(now, calls)
        self._open_calls += at_once

    def end_call(self, cost: int, now: float, *, others: int = 0) -> None:
        """With the others that were under way, if it was a batch."""
        self._open_calls -= 1 + others
        if cost:
            self._intervals.spend(now, cost)

    def begin_stream(self, now: float) -> None:
        """Raises CallerLimitReached; otherwise `end_stream` has to follow."""
        if self._open_streams >= (most := self._limits.streams * self._times):
            wait = random.uniform(STREAMS_SOONEST_SECONDS, STREAMS_LATEST_SECONDS)  # noqa: S311 - spreads only
            raise _reached("streams", most, wait)
        self._require_pace(now)
        self._calls.spend(now, 1)
        self._open_streams += 1

    def end_stream(self) -> None:
        self._open_streams -= 1

    def _require_pace(self, now: float) -> None:
        if wait := self._calls.wait_seconds(now):
            raise _reached("calls_per_second", self._limits.calls_per_second * self._times, wait)


def _reached(limit: str, value: float, wait_seconds: float) -> CallerLimitReached:
    return CallerLimitReached(limit=limit, value=round(value), retry_after=timedelta(seconds=wait_seconds))
