"""What the sandbox's calendars said and when, to hold answers of the service against."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

Taken = frozenset[int]
"""The hours of a day that a calendar has something in."""


@dataclass(slots=True, kw_only=True)
class History:
    """Of one calendar: what it had from when on, the oldest first. It began empty.

    `tell_time` is the clock of the service that answers: by another one, milliseconds apart, a change may seem to be of
    before a look that came first.
    """

    tell_time: Callable[[], datetime]
    said: list[tuple[datetime, Taken]] = field(
        default_factory=lambda: [(datetime.min.replace(tzinfo=UTC), frozenset())]
    )

    @property
    def now(self) -> Taken:
        return self.said[-1][1]

    def becomes(self, taken: Iterable[int]) -> None:
        """From now on. Call it right after the change, in the same step of the loop."""
        self.said.append((self.tell_time(), frozenset(taken)))

    def pass_time(self, passed: timedelta) -> None:
        """As if all of it had been so much longer ago."""
        oldest, *later = self.said
        self.said = [oldest, *((since - passed, taken) for since, taken in later)]

    def was_free(self, hours: Iterable[int], *, since: datetime) -> bool:
        """Whether at any one moment from then to now nothing was in these hours."""
        wanted = set(hours)
        ends = [*(until for _, (until, _) in pairwise(self.said)), datetime.max.replace(tzinfo=UTC)]
        in_force = (taken for (_, taken), until in zip(self.said, ends, strict=True) if until >= since)
        return any(not wanted & taken for taken in in_force)
