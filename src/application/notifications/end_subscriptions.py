"""Ask the provider for no more notifications about calendars that are no longer followed."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from application.ports.push import Push
from domain.errors import DomainError
from domain.ids import AccountId

COURTESY = timedelta(seconds=3)
"""How long the provider is given to take its notifications back; without that they end by themselves within days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSubscriptions:
    """A courtesy: later notifications would name a subscription that nobody knows. `push` is None where it is off."""

    push: Push | None

    async def __call__(self, subscriptions: Iterable[tuple[AccountId, str]]) -> None:
        """Each by its account and the provider's id. What fails, or takes long, blocks nobody."""
        if self.push is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(COURTESY.total_seconds()):
                for account_id, remote_id in subscriptions:
                    with suppress(DomainError):
                        await self.push.unsubscribe(account_id, remote_id)
