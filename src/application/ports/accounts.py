"""The connected accounts and their grants."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from domain.account import Account, Identity
from domain.grant import Grant
from domain.ids import AccountId, ExpertId


class Accounts(Protocol):
    async def of_expert(self, expert_id: ExpertId) -> tuple[Account, ...]:
        """All accounts of the expert, the oldest first; empty for an unknown expert."""
        ...

    async def get(self, account_id: AccountId, *, of: ExpertId | None = None) -> Account:
        """Raises AccountNotFound, also when the account is not one `of` this expert."""
        ...

    async def lock(self, account_id: AccountId) -> Account:
        """As `get`, and holds every other `lock` of this account back until the transaction ends."""
        ...

    async def grant(self, account_id: AccountId) -> Grant:
        """The grant that is stored for it. Raises AccountNotFound."""
        ...

    async def is_connected(self, identity: Identity) -> bool:
        """Whether any expert has an account with this identity, in whatever state."""
        ...

    async def working_elsewhere(self, identity: Identity, *, limit: int) -> tuple[AccountId, ...]:
        """Active accounts at the provider of `identity`, of other tenants than its own: one a tenant, in any order."""
        ...

    async def others_working(self, identity: Identity, *, limit: int) -> tuple[AccountId, ...]:
        """Active accounts at the provider of `identity`, of other identities than it: one an identity, in any order."""
        ...

    async def add(self, account: Account, grant: Grant) -> None:
        """Store a new account. Raises ExpertNotFound.

        The caller has looked, under the expert's lock, that the expert has no account with this identity.
        """
        ...

    async def save(self, account: Account, grant: Grant | None = None) -> None:
        """Replace what is known of the account, and its grant when one is given. Raises AccountNotFound."""
        ...

    async def trust(self, account_id: AccountId) -> None:
        """Something worked: as Account.trusted. Nothing happens when the account is gone."""
        ...

    async def remove(self, account_id: AccountId) -> None:
        """Forget the account with its grant, calendars and incidents, and what was asked of workers for these. Raises
        AccountNotFound.

        Whose it was is kept, until `take_former` asks.
        """
        ...

    async def take_former(self, account: Account) -> frozenset[AccountId]:
        """The ids under which this account's expert had its identity connected before; forgotten from now on."""
        ...

    async def forget_former(self, expert_ids: Collection[ExpertId], before: datetime) -> int:
        """Forget accounts of these experts that were removed before then and that no event of a session is left in, of
        each expert the oldest few; how many it were. Those that somebody is dealing with are left out.
        """
        ...
