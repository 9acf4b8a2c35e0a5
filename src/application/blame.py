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
from application.ports.calendar_directory import CalendarDirectory
from application.ports.clock import Clock
from application.ports.store import Store
from domain.access import AccessLost, LossCause, ProviderMisconfigured, ProviderUnavailable
from domain.account import Account
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
    directory: CalendarDirectory
    alarms: Alarms
    _proven: dict[str, datetime] = field(default_factory=dict, init=False, repr=False)

    async def __call__(
        self, lost: AccessLost, account: Account
    ) -> ProviderMisconfigured | ProviderUnavailable | None:
        """None when the loss is this account's own, else what it is instead: our fault, or undecided for now."""
        if lost.cause is LossCause.SIGN_IN_REQUIRED:
            return None
        if self.alarms.is_misconfigured(account.identity.provider, lost.refusal):
            return ProviderMisconfigured(code=lost.refusal)
        proven = self._proven.get(lost.refusal)
        if proven is not None and self.clock.now() - proven < PROVEN_FOR:
            return None
        async with self.store.transaction() as tx:
            others = await tx.accounts.working_elsewhere(account.identity, limit=OTHERS_ASKED)
        return await self._compare(lost, others)

    async def _compare(
        self, lost: AccessLost, others: tuple[AccountId, ...]
    ) -> ProviderMisconfigured | ProviderUnavailable | None:
        seen = set()
        for other in others:
            seen.add(await self._look_at(other, lost))
            if _Seen.WORKS in seen:
                self._remember(lost.refusal)
                return None
        if _Seen.REFUSED_ALIKE in seen:
            return ProviderMisconfigured(code=lost.refusal)
        return ProviderUnavailable() if seen else None

    async def _look_at(self, other: AccountId, lost: AccessLost) -> _Seen:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                await self.directory.check_access(other)
        except AccessLost as refused:
            # Whoever is refused for another reason was asked after: this refusal is not for everybody.
            return _Seen.REFUSED_ALIKE if refused.refusal == lost.refusal else _Seen.WORKS
        except ProviderMisconfigured:
            return _Seen.REFUSED_ALIKE
        except (DomainError, TimeoutError):
            return _Seen.UNKNOWN
        return _Seen.WORKS

    def _remember(self, refusal: str) -> None:
        if len(self._proven) >= MOST_PROOFS:
            self._proven.clear()
        self._proven[refusal] = self.clock.now()
