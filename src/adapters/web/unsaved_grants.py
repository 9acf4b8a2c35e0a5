"""Renewed grants between their renewal and their storing, which may fail: they are kept, and stored later."""

import logging
from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.grant_vault import GrantVault, StoredGrant
from domain.account import AccountNotFound
from domain.grant import Grant
from domain.ids import AccountId

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unsaved:
    """It may hold the only copy of a rotated refresh token."""

    grant: Grant
    over: StoredGrant


class UnsavedGrants:
    """Those of this process. Whatever the vault raises goes to the caller."""

    def __init__(self, vault: GrantVault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock
        self._unsaved: dict[AccountId, _Unsaved] = {}

    def keep(self, account_id: AccountId, grant: Grant, *, over: StoredGrant) -> None:
        self._unsaved[account_id] = _Unsaved(grant=grant, over=over)

    async def load(self, account_id: AccountId) -> StoredGrant:
        """The stored grant, once nothing of the account's is unsaved any more."""
        if account_id in self._unsaved:
            _log.warning("storing a renewed grant again", extra={"account_id": account_id})
            await self.save(account_id)
        return await self._vault.load(account_id)

    async def save(self, account_id: AccountId) -> bool:
        """Store what is unsaved; False when there is something newer.

        It stays unsaved when the vault raises, unless the account itself is gone.
        """
        unsaved = self._unsaved[account_id]
        try:
            saved = await self._vault.save_renewed(
                account_id, unsaved.grant, over=unsaved.over, now=self._clock.now()
            )
        except AccountNotFound:
            del self._unsaved[account_id]
            raise
        del self._unsaved[account_id]
        return saved
