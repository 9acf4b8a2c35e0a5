"""A clock that stands still until the test moves it."""

from datetime import datetime, timedelta

from tests.builders import NOW


class MovableClock:
    def __init__(self, start: datetime = NOW) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        assert by > timedelta(), "time does not go back"
        self._now += by
