"""How many requests of the day are spent, before Google has to say that it is too much.

Each process counts its own: what they all spend together is in the metrics (docs/google-quota.md).
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from application.ports.alarms import Alarms
from application.ports.clock import Clock
from domain.account import Provider
from domain.zone import local_days, zone_named

DAYS_OF: Final = "America/Los_Angeles"
"""Google's daily quotas begin anew at midnight there, says its console. Whether the threshold of 2026 does so, too, is
not documented: if it slides, this count begins anew too early, and the metrics of the last 24 hours are right."""


class DailyRequests:
    """Tells the operator once a day that only a part of it is left, and when the next day has begun."""

    def __init__(self, clock: Clock, alarms: Alarms, *, most: int, warn_at: float) -> None:
        self._clock = clock
        self._alarms = alarms
        self._most = most
        self._warned_at = round(most * warn_at)
        self._zone: ZoneInfo = zone_named(DAYS_OF)
        self._ends = datetime.min.replace(tzinfo=UTC)
        self._spent = 0

    def spend(self) -> None:
        """One more request is on its way."""
        now = self._clock.now()
        if now >= self._ends:
            self._begin_day(now)
        self._spent += 1
        if self._spent == self._warned_at:
            self._alarms.day_nearly_spent(Provider.GOOGLE, requests=self._spent, most=self._most)

    def _begin_day(self, now: datetime) -> None:
        today = now.astimezone(self._zone).date()
        day = local_days(today, today + timedelta(days=1), self._zone)
        assert day is not None
        if self._spent >= self._warned_at:
            self._alarms.day_begins_anew(Provider.GOOGLE)
        self._ends, self._spent = day.end, 0
