"""Whose fault a refusal is that the person can't fix: found out by asking whether other organisations are affected too.

A deleted registration of ours and an administrator who switched us off come with the same error. The difference is who
is affected, and we ask at once: waiting until others happen to run into it would mail the first ones wrongly, and each
replica would know only a part.
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
from domain.access import AccessLost, LossCause, ProviderMisconfigured, ProviderUnavailable
from domain.account import Account, Provider
from domain.errors import DomainError
from domain.ids import AccountId

OTHERS_ASKED: Final = 3
"""Organisations: if two happen to have been switched off on the same day, a third one shows it."""
PATIENCE: Final = timedelta(seconds=5)
PROVEN_FOR: Final = timedelta(minutes=1)
"""So that the thousand accounts of one organisation don't ask a thousand times."""
MOST_PROOFS: Final = 100


class _Seen(Enum):
    """How another organisation fares."""

    WORKS = auto()
    REFUSED_ALIKE = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class FindBlame:
    """One a process: it remembers for a minute which refusals proved to be one organisation's."""

    store: Store
    clock: Clock
    providers: CalendarProviders
    alarms: Alarms
    _proven: dict[tuple[Provider, str], datetime] = field(default_factory=dict, init=False, repr=False)

    async def __call__(
        self, lost: AccessLost, account: Account
    ) -> ProviderMisconfigured | ProviderUnavailable | None:
        """None when the loss is this account's own, else what it is instead: our fault, or undecided for now."""
        if lost.cause is LossCause.SIGN_IN_REQUIRED:
            return None
        provider = account.identity.provider
        if self.alarms.is_misconfigured(provider, lost.refusal):
            return ProviderMisconfigured(code=lost.refusal)
        proven = self._proven.get((provider, lost.refusal))
        if proven is not None and self.clock.now() - proven < PROVEN_FOR:
            return None
        async with self.store.transaction() as tx:
            others = await tx.accounts.working_elsewhere(account.identity, limit=OTHERS_ASKED)
        return await self._compare(lost, provider, others)

    async def _compare(
        self, lost: AccessLost, provider: Provider, others: tuple[AccountId, ...]
    ) -> ProviderMisconfigured | ProviderUnavailable | None:
        seen = set()
        for other in others:
            seen.add(await self._look_at(other, provider, lost))
            if _Seen.WORKS in seen:
                self._remember(provider, lost.refusal)
                return None
        if _Seen.REFUSED_ALIKE in seen:
            return ProviderMisconfigured(code=lost.refusal)
        return ProviderUnavailable() if seen else None

    async def _look_at(self, other: AccountId, provider: Provider, lost: AccessLost) -> _Seen:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                await provider_of(self.providers, provider).directory.check_access(other)
        except AccessLost as refused:
            # Whoever is refused for another reason was asked after: this refusal is not for everybody.
            return _Seen.REFUSED_ALIKE if refused.refusal == lost.refusal else _Seen.WORKS
        except ProviderMisconfigured:
            return _Seen.REFUSED_ALIKE
        except (DomainError, TimeoutError):
            return _Seen.UNKNOWN
        return _Seen.WORKS

    def _remember(self, provider: Provider, refusal: str) -> None:
        if len(self._proven) >= MOST_PROOFS:
            self._proven.clear()
        self._proven[provider, refusal] = self.clock.now()
