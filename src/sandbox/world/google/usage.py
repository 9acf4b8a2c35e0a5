"""Counts requests to Google over the last minute, which slides: a burst is paid for in the minute after it."""

from collections import deque
from datetime import datetime, timedelta

from sandbox.clock import Clock
from sandbox.world.google.settings import GoogleSettings
from sandbox.world.model import Person

_MINUTE = timedelta(minutes=1)


class Usage:
    """Requests of each person, and of the whole project."""

    def __init__(self, clock: Clock, settings: GoogleSettings) -> None:
        self._clock = clock
        self._settings = settings
        self._project: deque[datetime] = deque()
        self._people: dict[str, deque[datetime]] = {}

    def admit(self, person: Person) -> bool:
        """Count one more request; False where a limit is reached, and then it doesn't count."""
        own = self._people.setdefault(person.key, deque())
        settings = self._settings
        if (
            self._recent(own) >= settings.requests_per_minute_and_person
            or self._recent(self._project) >= settings.requests_per_minute_and_project
        ):
            return False
        for counted in (own, self._project):
            counted.append(self._clock.now())
        return True

    def _recent(self, counted: deque[datetime]) -> int:
        since = self._clock.now() - _MINUTE
        while counted and counted[0] <= since:
            counted.popleft()
        return len(counted)
