"""How often passwords are tried, by whatever they are counted by."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from application.ports.clock import Clock
from domain.password_sign_in import TooManyTries

MOST_KEYS: Final = 10_000
"""So many are remembered; of more, those that have been counted longest are forgotten."""


@dataclass(slots=True)
class _Window:
    since: datetime
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TryLimits:
    """`most` tries of a key `within` the time since the first of them. Of this process only, and in memory: what they
    are counted by may be a person's address, and is written down nowhere."""

    clock: Clock
    most: int
    within: timedelta
    _windows: dict[Hashable, _Window] = field(default_factory=dict, repr=False)

    def count(self, key: Hashable) -> None:
        """Raises TooManyTries; what is refused doesn't count."""
        now = self.clock.now()
        window = self._windows.get(key)
        if window is None or now >= window.since + self.within:
            self._windows.pop(key, None)
            window = self._windows[key] = _Window(now)
            if len(self._windows) > MOST_KEYS:
                del self._windows[next(iter(self._windows))]
        if window.tries >= self.most:
            raise TooManyTries
        window.tries += 1
