"""List an expert's accounts, with the limit and its use."""

from dataclasses import dataclass

from application.ports.store import Store
from domain.account import Account
from domain.expert import AccountUse
from domain.ids import ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountList:
    """The accounts, the oldest first."""

    accounts: tuple[Account, ...]
    use: AccountUse


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAccounts:
    store: Store

    async def __call__(self, expert_id: ExpertId) -> AccountList:
        """Raises ExpertNotFound."""
        async with self.store.transaction() as tx:
            expert = await tx.experts.get(expert_id)
            accounts = await tx.accounts.of_expert(expert_id)
        return AccountList(accounts=accounts, use=AccountUse(plan=expert.plan, connected=len(accounts)))
