"""So many in any stretch of so long, as providers count that charge a burst to the minute after it."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SlidingWindow:
    """Remembers when something was done, for as long as that counts."""

    most: int
    length: timedelta
    _done: deque[datetime] = field(default_factory=deque)

    def wait(self, now: datetime) -> timedelta:
        """How long until one more may be done: zero where it may at once."""
        self._forget(now)
        if len(self._done) < self.most:
            return timedelta()
        return self._done[-self.most] + self.length - now

    def add(self, now: datetime) -> None:
        self._done.append(now)

    def is_empty(self, now: datetime) -> bool:
        self._forget(now)
        return not self._done

    def _forget(self, now: datetime) -> None:
        while self._done and self._done[0] + self.length <= now:
            self._done.popleft()
