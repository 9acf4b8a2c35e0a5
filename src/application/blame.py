"""Whose fault a refusal is that the person can't fix: found out by asking whether other organisations are affected too.

A deleted registration of ours and an administrator who switched us off come with the same error. The difference is who
is affected, and we ask at once: waiting until others happen to run into it would mail the first ones wrongly, and each
replica would know only a part. The same with refusals that proved nothing one by one: a provider that refuses one
person's password has lost that person, one that refuses everybody's has trouble of its own.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from application.ports.alarms import Alarms
from application.ports.clock import Clock
from application.ports.provider import CalendarProviders, provider_of
from application.ports.store import Store
from domain.access import AccessDoubted, AccessLost, LossCause, ProviderMisconfigured, ProviderUnavailable
from domain.account import Account, Identity, Provider
from domain.errors import DomainError
from domain.ids import AccountId

OTHERS_ASKED: Final = 3
"""Organisations, or people: if two happen to have been switched off on the same day, a third one shows it."""
PATIENCE: Final = timedelta(seconds=5)
PROVEN_FOR: Final = timedelta(minutes=1)
"""So that the thousand accounts of one organisation don't ask a thousand times."""
MOST_PROOFS: Final = 100


class _Seen(Enum):
    """How another organisation, or person, fares."""

    WORKS = auto()
    REFUSED_ALIKE = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class FindBlame:
    """One a process: it remembers for a minute which refusals proved not to be everybody's."""

    store: Store
    clock: Clock
    providers: CalendarProviders
    alarms: Alarms
    _proven: dict[tuple[Provider, str], datetime] = field(default_factory=dict, init=False, repr=False)

    async def __call__(
        self, lost: AccessLost, account: Account
    ) -> ProviderMisconfigured | ProviderUnavailable | None:
        """None when the loss is this account's own, else what it is instead: our fault, or undecided for now."""
        if lost.cause is LossCause.SIGN_IN_REQUIRED and not lost.by_refusals:
            return None
        provider = account.identity.provider
        if self.alarms.is_misconfigured(provider, lost.refusal):
            return ProviderMisconfigured(code=lost.refusal)
        if lost.by_refusals and self.alarms.are_all_refused(provider):
            return ProviderUnavailable()
        proven = self._proven.get((provider, lost.refusal))
        if proven is not None and self.clock.now() - proven < PROVEN_FOR:
            return None
        return await self._compare(lost, provider, await self._others(lost, account.identity))

    async def _others(self, lost: AccessLost, identity: Identity) -> tuple[AccountId, ...]:
        async with self.store.transaction() as tx:
            if lost.by_refusals:
                return await tx.accounts.others_working(identity, limit=OTHERS_ASKED)
            return await tx.accounts.working_elsewhere(identity, limit=OTHERS_ASKED)

    async def _compare(
        self, lost: AccessLost, provider: Provider, others: tuple[AccountId, ...]
    ) -> ProviderMisconfigured | ProviderUnavailable | None:
        seen = set()
        for other in others:
            seen.add(await self._look_at(other, provider, lost))
            if _Seen.WORKS in seen:
                self._remember(provider, lost.refusal)
                return None
        if _Seen.REFUSED_ALIKE not in seen:
            return ProviderUnavailable() if seen else None
        if lost.by_refusals:
            self.alarms.all_refused(provider)
            return ProviderUnavailable()
        return ProviderMisconfigured(code=lost.refusal)

    async def _look_at(self, other: AccountId, provider: Provider, lost: AccessLost) -> _Seen:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                await provider_of(self.providers, provider).directory.check_access(other)
        except AccessLost as refused:
            # Whoever is refused for another reason was asked after: this refusal is not for everybody.
            return _Seen.REFUSED_ALIKE if refused.refusal == lost.refusal else _Seen.WORKS
        except (AccessDoubted, ProviderMisconfigured):
            return _Seen.REFUSED_ALIKE
        except (DomainError, TimeoutError):
            return _Seen.UNKNOWN
        return _Seen.WORKS

    def _remember(self, provider: Provider, refusal: str) -> None:
        if len(self._proven) >= MOST_PROOFS:
            self._proven.clear()
        self._proven[provider, refusal] = self.clock.now()
