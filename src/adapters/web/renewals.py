"""One renewal of a grant at a time over all processes: a claim in the vault, and patience with whoever holds it.

Some refresh tokens are worthless once they have been used: anybody else who uses one then hears that access is lost.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from application.ports.clock import Clock
from application.ports.grant_vault import GrantVault, StoredGrant
from application.ports.store import StoreUnavailable
from domain.ids import AccountId

LEASE = timedelta(seconds=15)
"""How long a claim outlives its process; while that lives and waits for the provider it is prolonged."""
PROLONGED_EVERY = LEASE / 3
FIRST_LOOK = timedelta(milliseconds=50)
LONGEST_PAUSE = timedelta(seconds=1)


class Renewals:
    """The claims of this process."""

    def __init__(self, vault: GrantVault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock
        self._name = secrets.token_urlsafe(16)

    @asynccontextmanager
    async def claim(self, account_id: AccountId, over: StoredGrant) -> AsyncIterator[bool]:
        """Yields whether nobody else may renew `over` while the block runs: False when another is at it, or was.

        The claim ends with the storing of what was renewed, which follows the block, with a failure of the block, or by
        itself soon after this process.
        """
        if not await self.still_ours(account_id, over):
            yield False
            return
        prolonging = asyncio.create_task(self._prolong(account_id, over), name="prolong a claim")
        try:
            yield True
        except BaseException:
            with suppress(StoreUnavailable):
                await self._vault.end_renewal(account_id, token=self._name)
            raise
        finally:
            prolonging.cancel()
            await asyncio.wait([prolonging])

    async def still_ours(self, account_id: AccountId, over: StoredGrant) -> bool:
        """Take the claim, or prolong it where it is ours."""
        now = self._clock.now()
        return await self._vault.claim_renewal(
            account_id, over=over, token=self._name, now=now, until=now + LEASE
        )

    async def _prolong(self, account_id: AccountId, over: StoredGrant) -> None:
        while True:
            await asyncio.sleep(PROLONGED_EVERY.total_seconds())
            with suppress(StoreUnavailable):
                await self.still_ours(account_id, over)


class Patience:
    """Pauses between looks at what another process makes of its claim: short at first, for it takes no time at all."""

    def __init__(self) -> None:
        self._next = FIRST_LOOK

    async def pause(self) -> None:
        await asyncio.sleep(self._next.total_seconds())
        self._next = min(self._next * 2, LONGEST_PAUSE)
