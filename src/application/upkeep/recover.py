"""After an outage: find out early that it is over, and have the sessions written that waited for it.

Of each provider by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from application.outages import Outages
from application.ports.clock import Clock
from application.ports.store import Store
from application.wakeups.wake_after_outage import wake_one_an_account
from domain.account import Provider

TRIED_EVERY = timedelta(seconds=15)
"""While an outage lasts one session is tried so often, whatever pause it had: else none might be for a quarter of an
hour."""


@dataclass(slots=True, kw_only=True)
class Recover:
    """To be called every few seconds; asks the database for nothing as long as there is no outage.

    `jitter` gives numbers from 0 to 1 that keep replicas from trying at the same moments.
    """

    store: Store
    clock: Clock
    outages: Outages
    jitter: Callable[[], float]
    _more: set[Provider] = field(default_factory=set, init=False)
    _tried_at: dict[Provider, datetime] = field(default_factory=dict, init=False)

    async def __call__(self) -> None:
        now = self.clock.now()
        self._more.update(self.outages.take_over())
        for provider in tuple(self._more):
            async with self.store.transaction() as tx:
                more = await wake_one_an_account(tx, provider, now, self.jitter)
            if not more:
                self._more.discard(provider)
        for provider in self.outages.under_way:
            if provider not in self._more and self._may_try(provider, now):
                self._tried_at[provider] = now
                async with self.store.transaction() as tx:
                    await wake_one_an_account(tx, provider, now, self.jitter, limit=1)

    def _may_try(self, provider: Provider, now: datetime) -> bool:
        tried_at = self._tried_at.get(provider)
        return tried_at is None or tried_at + TRIED_EVERY <= now
