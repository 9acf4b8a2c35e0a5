"""End at the provider the grants of accounts that were just forgotten, where that is possible and hurts nobody else."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias

from application.ports.clock import Clock
from application.ports.provider import CalendarProviders
from application.ports.store import Store, Transaction
from domain.account import Account, Identity, Provider
from domain.grant import Grant

SETTLED_AFTER = timedelta(minutes=1)
"""Longer than a sign-in takes from its grant to its row: before that nobody can tell that the account is connected
elsewhere."""
PATIENCE: Final = timedelta(seconds=30)
"""How long giving back may take."""
MOST_AT_ONCE: Final = 1000
"""Beyond these none is given back, only forgotten: so many accounts are disconnected in a minute by no people."""

Report: TypeAlias = Callable[[Provider, Exception | None], None]
"""Told how each ended: None for one that was given back."""


class GrantForgotten(Exception):
    """It was not begun: too many waited already, or the process ended before."""


async def _until_settled() -> None:
    await asyncio.sleep(SETTLED_AFTER.total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldGrant:
    """What is stored for an account, as long as it is."""

    identity: Identity
    grant: Grant


class GiveBackGrants:
    """Giving back may end all that the person granted to us: it is done only where no account of any expert has the
    identity, in whatever state, and no sign-in with it waits to be confirmed.

    A courtesy that nobody waits for: it happens in this process or not at all. What fails, and what had not begun when
    the process ended, is forgotten, as our copy of the grant is in any case.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        providers: CalendarProviders,
        report: Report,
        settled: Callable[[], Awaitable[object]] = _until_settled,
    ) -> None:
        self._store = store
        self._clock = clock
        self._providers = providers
        self._report = report
        self._settled = settled
        self._waiting: dict[asyncio.Task[None], Provider] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    async def held(self, tx: Transaction, accounts: Iterable[Account]) -> tuple[HeldGrant, ...]:
        """The grants of these accounts that could be given back, to be read before their rows go.

        Raises AccountNotFound.
        """
        return tuple(
            [
                HeldGrant(identity=one.identity, grant=await tx.accounts.grant(one.account_id))
                for one in accounts
                if self._can_give_back(one.identity.provider)
            ]
        )

    def __call__(self, held: Iterable[HeldGrant]) -> None:
        """To be called once the accounts are gone for good; returns at once."""
        for one in held:
            if len(self._waiting) + len(self._under_way) >= MOST_AT_ONCE:
                self._report(one.identity.provider, GrantForgotten())
                continue
            task = asyncio.create_task(self._when_settled(one), name="gives a grant back")
            self._waiting[task] = one.identity.provider
            task.add_done_callback(self._over)

    async def close(self, *, grace: timedelta) -> None:
        """Forget those that have not begun, and let the others end, within the grace time."""
        for task, provider in self._waiting.items():
            task.cancel()
            self._report(provider, GrantForgotten())
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=grace.total_seconds())
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _when_settled(self, one: HeldGrant) -> None:
        await self._settled()
        task = asyncio.current_task()
        assert task is not None
        del self._waiting[task]
        self._under_way.add(task)
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                await self._give_back(one)
        except Exception as failure:  # noqa: BLE001 - an outermost place: nobody waits for it
            self._report(one.identity.provider, failure)

    async def _give_back(self, one: HeldGrant) -> None:
        provider = self._providers.get(one.identity.provider)
        if provider is None or provider.give_back is None or await self._is_used(one.identity):
            return
        await provider.give_back.give_back(one.grant)
        self._report(one.identity.provider, None)

    async def _is_used(self, identity: Identity) -> bool:
        async with self._store.transaction() as tx:
            return await tx.accounts.is_connected(identity) or await tx.pending.waits_for(
                identity, self._clock.now()
            )

    def _can_give_back(self, provider: Provider) -> bool:
        configured = self._providers.get(provider)
        return configured is not None and configured.give_back is not None

    def _over(self, task: asyncio.Task[None]) -> None:
        self._waiting.pop(task, None)
        self._under_way.discard(task)
