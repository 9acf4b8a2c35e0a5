"""After an outage of a provider: find out early that it is over, and have the sessions written that waited for it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from application.outages import Outages
from application.ports.clock import Clock
from application.ports.store import Store
from application.wakeups.wake_after_outage import wake_one_an_account

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
    _more: bool = field(default=False, init=False)
    _tried_at: datetime | None = field(default=None, init=False)

    async def __call__(self) -> None:
        now = self.clock.now()
        if self.outages.take_over():
            self._more = True
        if self._more:
            async with self.store.transaction() as tx:
                more = await wake_one_an_account(tx, now, self.jitter)
            self._more = more
        elif self.outages.under_way and (self._tried_at is None or self._tried_at + TRIED_EVERY <= now):
            self._tried_at = now
            async with self.store.transaction() as tx:
                await wake_one_an_account(tx, now, self.jitter, limit=1)
