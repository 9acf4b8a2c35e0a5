"""Whether Google brings notifications to our address at all, which it refuses for every calendar alike."""

from datetime import datetime, timedelta
from typing import Final

from application.ports.alarms import Alarms
from application.ports.clock import Clock
from application.ports.push import AddressNotReached
from domain.account import Provider

APART: Final = timedelta(minutes=10)
"""While it is refused, only one request in so long asks again: the answers about all other calendars are known."""


class AddressTrials:
    """Tells the operator, who alone can help: the host has to be verified for the project."""

    def __init__(self, clock: Clock, alarms: Alarms) -> None:
        self._clock = clock
        self._alarms = alarms
        self._refused: tuple[str, datetime] | None = None
        """With what code, and when to ask again."""

    def require_chance(self) -> None:
        """Raises AddressNotReached while there is none; whoever passes is the one who asks."""
        if self._refused is None:
            return
        code, again_at = self._refused
        now = self._clock.now()
        if now < again_at:
            raise AddressNotReached(code=code)
        self._refused = code, now + APART

    def failed(self, code: str) -> None:
        self._refused = code, self._clock.now() + APART
        self._alarms.notifications_refused(Provider.GOOGLE, code)

    def succeeded(self) -> None:
        self._refused = None
        self._alarms.notifications_accepted(Provider.GOOGLE)
