"""A provider refused an account, and by itself that proves nothing: ask it afresh, and count how often it was so."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from application.ports.clock import Clock
from application.ports.provider import CalendarProviders, provider_of
from application.ports.store import Store
from application.provider_faults import PROVIDER_FAULTS, ProviderFault
from domain.access import AccessDoubted, ProviderUnavailable
from domain.account import Account, AccountNotFound
from domain.doubt import APART

PATIENCE: Final = timedelta(seconds=5)
"""For the probe, while somebody may wait for what was refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeighRefusal:
    """What is counted is in the account's row, so that it doesn't matter which process meets the next refusal.

    Looks that succeed write nothing there: they are looked up when the next refusal comes. `apart` is how far apart
    refusals must be to count.
    """

    store: Store
    clock: Clock
    providers: CalendarProviders
    apart: timedelta = APART

    async def __call__(self, refused: AccessDoubted) -> ProviderFault:
        """AccessLost once refusals prove it together; until then the doubt, with the time at which the next one counts;
        and what the probe met where it wasn't refused."""
        try:
            doubted = await self._counting(refused)
            if isinstance(doubted, AccessDoubted):
                return doubted
            await self._probe(doubted)
        except AccessDoubted:
            return await self._count(refused)
        except TimeoutError:
            return ProviderUnavailable()
        except PROVIDER_FAULTS as fault:
            return fault
        async with self.store.transaction() as tx:
            await tx.accounts.trust(refused.account_id)
        return ProviderUnavailable()

    async def _counting(self, refused: AccessDoubted) -> Account | AccessDoubted:
        """The account, if this refusal would count. Raises AccountNotFound."""
        async with self.store.transaction() as tx:
            account = await tx.accounts.get(refused.account_id)
            worked_at = await tx.readings.last_looked(account.expert_id, account.account_id)
        now = self.clock.now()
        counts_at = account.next_refusal_counts_at(worked_at=worked_at, now=now, apart=self.apart)
        if not _is_news(refused, account):
            return refused
        return account if counts_at <= now else refused.until(counts_at, now)

    async def _probe(self, account: Account) -> None:
        provider = provider_of(self.providers, account.identity.provider)
        async with asyncio.timeout(PATIENCE.total_seconds()):
            await provider.directory.check_access(account.account_id)

    async def _count(self, refused: AccessDoubted) -> ProviderFault:
        """The account is left alone until another refusal would count, and is sure to be asked then."""
        async with self.store.transaction() as tx:
            try:
                account = await tx.accounts.lock(refused.account_id)
            except AccountNotFound as gone:
                return gone
            if not _is_news(refused, account):
                return refused
            now = self.clock.now()
            worked_at = await tx.readings.last_looked(account.expert_id, account.account_id)
            doubted = account.doubted(worked_at=worked_at, now=now, apart=self.apart)
            assert doubted.doubt is not None
            again_at = doubted.doubt.counts_again_at(apart=self.apart)
            await tx.accounts.save(doubted)
            await tx.calendars.listed(account.account_id, due_at=again_at, begun_at=now, now=now)
            await tx.readings.spare(account.account_id, until=again_at)
        return refused.confirmed() if doubted.doubt.proven else refused.until(again_at, now)


def _is_news(refused: AccessDoubted, account: Account) -> bool:
    """Not about an older grant, nor of what is known to be lost."""
    return account.active and account.grant_version == refused.grant_version
