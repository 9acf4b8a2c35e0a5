"""Whether writing at a provider works for nobody any more, as far as this process can tell, and when it resumes."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from application.ports.clock import Clock
from domain.account import Provider

SILENCE = timedelta(seconds=30)
"""How long nothing must have been written: where one mailbox hangs among many, the others are written to meanwhile."""
FEWEST_FAILURES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Streak:
    """Failures without a success between them."""

    since: datetime
    failures: int = 1


class Outages:
    """Fed by whoever writes. What it knows is lost with the process: then each session is back at its own pause."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._streaks: dict[Provider, _Streak] = {}
        self._over: set[Provider] = set()

    @property
    def under_way(self) -> tuple[Provider, ...]:
        """The providers that seem to be having an outage now."""
        now = self._clock.now()
        return tuple(
            provider
            for provider, streak in self._streaks.items()
            if streak.failures >= FEWEST_FAILURES and streak.since + SILENCE <= now
        )

    def failed(self, provider: Provider) -> None:
        """A write came to nothing for a reason that is neither ours nor the mailbox's own, as throttling is."""
        streak = self._streaks.get(provider)
        self._streaks[provider] = (
            _Streak(since=self._clock.now())
            if streak is None
            else replace(streak, failures=streak.failures + 1)
        )

    def worked(self, provider: Provider) -> None:
        if provider in self.under_way:
            self._over.add(provider)
        self._streaks.pop(provider, None)

    def take_over(self) -> tuple[Provider, ...]:
        """The providers whose outage ended since this was last asked."""
        over, self._over = tuple(self._over), set()
        return over
