"""How much work a calendar's series and zones may make, so that nobody's calendar holds up everybody's."""

from collections.abc import Hashable
from typing import Final

from adapters.caldav.moments import Odd

MOST_OF_A_READING: Final = 1_000_000
"""Steps of three microseconds, roughly: that of a daily rule. A weekly series over four months takes twenty."""


class Work:
    """What is left of it. After the last of it everything that takes steps is odd."""

    def __init__(self, steps: int = MOST_OF_A_READING) -> None:
        self.left = steps
        self._done: set[Hashable] = set()

    def spend(self, steps: int) -> None:
        """Raises Odd where so many aren't left."""
        self.left -= steps
        if self.left < 0:
            raise Odd

    def require_some(self) -> None:
        """Before what can't be told beforehand. Raises Odd where nothing is left."""
        if self.left <= 0:
            raise Odd

    def spend_once(self, on: Hashable, steps: int) -> None:
        """Of what is remembered: however often it is asked for, it was worked out once."""
        if on not in self._done:
            self._done.add(on)
            self.spend(steps)
