"""Look an account up."""

from dataclasses import dataclass

from application.ports.store import Store
from domain.account import Account
from domain.ids import AccountId, ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class GetAccount:
    store: Store

    async def __call__(self, expert_id: ExpertId, account_id: AccountId) -> Account:
        """Raises AccountNotFound, also for another expert's account."""
        async with self.store.transaction() as tx:
            return await tx.accounts.get(account_id, of=expert_id)
