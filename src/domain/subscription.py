"""Change notifications: a provider's promise to notify us when a calendar changes. They only make polling faster."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.account import Provider
from domain.ids import AccountId, CalendarId

WANTED_LIFETIME = timedelta(days=6)
"""Below Microsoft's limit, which its documents and its answers put between 4,230 and 10,080 minutes, and Google's of a
week."""
RETRY_REFUSED = timedelta(hours=6)
"""How long to do without, where the provider offers none, or gave its only one to another expert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedSubscription:
    """One that is kept no more; the provider still has it."""

    provider: Provider
    account_id: AccountId
    remote_id: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One subscription on one calendar. `secret` is what each notification must carry; only its hash is stored."""

    calendar_id: CalendarId
    account_id: AccountId
    remote_id: str = field(repr=False)
    expires_at: datetime

    def ended(self, provider: Provider) -> EndedSubscription:
        """At the provider of its account."""
        return EndedSubscription(provider=provider, account_id=self.account_id, remote_id=self.remote_id)


def renewal_due(now: datetime, expires_at: datetime, *, jitter: float) -> datetime:
    """Well ahead of the end, spread by `jitter` from 0 to 1: after a half to two thirds of the life that is left."""
    return now + (expires_at - now) * (0.5 + jitter / 6)
