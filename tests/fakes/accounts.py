"""A fake of the accounts' repository."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from application.ports.grant_vault import StoredGrant
from domain.account import Account, AccountNotFound, Identity
from domain.expert import ExpertNotFound
from domain.grant import Grant
from domain.ids import AccountId, ExpertId
from tests.fakes.tables import Tables


@dataclass(frozen=True, slots=True)
class FakeAccounts:
    tables: Tables

    async def of_expert(self, expert_id: ExpertId) -> tuple[Account, ...]:
        mine = (one for one in self.tables.accounts.values() if one.expert_id == expert_id)
        return tuple(sorted(mine, key=lambda one: (one.connected_at, one.account_id)))

    async def get(self, account_id: AccountId, *, of: ExpertId | None = None) -> Account:
        account = self.tables.accounts.get(account_id)
        if account is None or of not in {None, account.expert_id}:
            raise AccountNotFound
        return account

    async def lock(self, account_id: AccountId) -> Account:
        return await self.get(account_id)

    async def grant(self, account_id: AccountId) -> Grant:
        await self.get(account_id)
        return self.tables.grants[account_id].grant

    async def is_connected(self, identity: Identity) -> bool:
        return any(one.identity == identity for one in self.tables.accounts.values())

    async def working_elsewhere(self, identity: Identity, *, limit: int) -> tuple[AccountId, ...]:
        by_tenant = {
            one.identity.tenant_id: one.account_id
            for one in self.tables.accounts.values()
            if one.active
            and one.identity.provider is identity.provider
            and one.identity.tenant_id != identity.tenant_id
        }
        return tuple(by_tenant.values())[:limit]

    async def others_working(self, identity: Identity, *, limit: int) -> tuple[AccountId, ...]:
        by_identity = {
            one.identity: one.account_id
            for one in self.tables.accounts.values()
            if one.active and one.identity.provider is identity.provider and one.identity != identity
        }
        return tuple(by_identity.values())[:limit]

    async def add(self, account: Account, grant: Grant) -> None:
        if account.expert_id not in self.tables.experts:
            raise ExpertNotFound
        known = {one.identity for one in await self.of_expert(account.expert_id)}
        assert account.identity not in known, (
            "one identity, one account: the caller looks first, under the expert's lock"
        )
        assert account.account_id not in self.tables.accounts
        self._store(account, grant)

    async def save(self, account: Account, grant: Grant | None = None) -> None:
        await self.get(account.account_id)
        self._store(account, grant)

    def _store(self, account: Account, grant: Grant | None) -> None:
        self.tables.accounts[account.account_id] = account
        if grant is not None:
            self.tables.grants[account.account_id] = StoredGrant(
                grant=grant, grant_version=account.grant_version, rotation=0
            )
            self.tables.grant_claims.pop(account.account_id, None)

    async def trust(self, account_id: AccountId) -> None:
        account = self.tables.accounts.get(account_id)
        if account is not None:
            self.tables.accounts[account_id] = account.trusted()

    async def remove(self, account_id: AccountId) -> None:
        account = await self.get(account_id)
        self.tables.drop_account(account_id)
        self.tables.former_accounts[account_id] = account

    async def take_former(self, account: Account) -> frozenset[AccountId]:
        former = frozenset(
            one.account_id
            for one in self.tables.former_accounts.values()
            if (one.expert_id, one.identity) == (account.expert_id, account.identity)
        )
        for account_id in former:
            del self.tables.former_accounts[account_id]
        return former

    async def forget_former(self, expert_ids: Collection[ExpertId], before: datetime) -> int:
        """As if all had been removed long ago."""
        events = [
            (one.expert_id, copy.account_id)
            for one in self.tables.sessions.values()
            for copy in (one.copy, *one.left)
            if copy is not None
        ]
        empty = [
            key
            for key, one in self.tables.former_accounts.items()
            if one.expert_id in expert_ids and (one.expert_id, key) not in events
        ]
        for account_id in empty:
            del self.tables.former_accounts[account_id]
        return len(empty)
