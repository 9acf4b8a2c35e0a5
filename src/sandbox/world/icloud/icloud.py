"""The state of the sandbox's iCloud in one place."""

from collections import deque
from datetime import datetime, timedelta

from sandbox.clock import Clock
from sandbox.world.icloud.hosts import Hosts
from sandbox.world.icloud.passwords import Passwords
from sandbox.world.icloud.settings import ICloudSettings
from sandbox.world.model import Person
from sandbox.world.people import People

_MINUTE = timedelta(minutes=1)


class ICloud:
    """Its settings, the passwords of its people, what reached each host, and how busy each account was of late."""

    def __init__(self, people: People, clock: Clock) -> None:
        self.settings = ICloudSettings()
        self.passwords = Passwords(people, self.settings)
        self.hosts = Hosts()
        self._clock = clock
        self._requests: dict[str, deque[datetime]] = {}

    def admit(self, person: Person) -> bool:
        """Count one more request of an account; False where its limit is reached."""
        recent = self._requests.setdefault(person.key, deque())
        since = self._clock.now() - _MINUTE
        while recent and recent[0] <= since:
            recent.popleft()
        # What is refused counts, too: a client that goes on asking stays throttled.
        recent.append(self._clock.now())
        limit = self.settings.requests_per_minute
        return limit is None or len(recent) <= limit

    def requests_in_last_minute(self, person: Person) -> int:
        """How many requests of an account came within the last sixty seconds."""
        since = self._clock.now() - _MINUTE
        return sum(at > since for at in self._requests.get(person.key, ()))
