"""Ask the provider for no more notifications about calendars that are no longer followed."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from application.ports.provider import CalendarProviders
from domain.account import Provider
from domain.errors import DomainError
from domain.subscription import EndedSubscription

COURTESY = timedelta(seconds=3)
"""How long the provider is given to take its notifications back; without that they end by themselves within days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSubscriptions:
    """A courtesy: later notifications would name a subscription that nobody knows."""

    providers: CalendarProviders

    async def __call__(self, subscriptions: Iterable[EndedSubscription]) -> None:
        """What fails, or takes long, blocks nobody, and one provider's not another's."""
        by_provider: dict[Provider, list[EndedSubscription]] = {}
        for one in subscriptions:
            by_provider.setdefault(one.provider, []).append(one)
        await asyncio.gather(*(self._end(provider, ended) for provider, ended in by_provider.items()))

    async def _end(self, provider: Provider, subscriptions: Iterable[EndedSubscription]) -> None:
        configured = self.providers.get(provider)
        if configured is None or configured.push is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(COURTESY.total_seconds()):
                for one in subscriptions:
                    with suppress(DomainError):
                        await configured.push.unsubscribe(one.account_id, one.remote_id)
