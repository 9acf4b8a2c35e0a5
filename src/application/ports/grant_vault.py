"""The stored grants, for the adapter that spends and renews them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.grant import Grant
from domain.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGrant:
    """A grant as stored. `grant_version` counts the sign-ins, `rotation` the renewals within one."""

    grant: Grant
    grant_version: int
    rotation: int


class GrantVault(Protocol):
    async def load(self, account_id: AccountId) -> StoredGrant:
        """The newest grant of the account. Raises AccountNotFound."""
        ...

    async def save_renewed(
        self, account_id: AccountId, renewed: Grant, *, over: StoredGrant, now: datetime
    ) -> bool:
        """Store `renewed` in the place of `over`, and record in the audit log that the grant was used, once a day.

        False, and nothing stored, when the stored grant is no longer `over`: somebody else renewed it or the person
        signed in again. What is stored ends the claim on what it replaces, and so does a new sign-in. Raises
        AccountNotFound.
        """
        ...

    async def claim_renewal(
        self, account_id: AccountId, *, over: StoredGrant, token: str, now: datetime, until: datetime
    ) -> bool:
        """Become the only one who may renew `over`, until `until`; whoever holds the claim already, under the same
        `token`, extends it.

        False when the stored grant is no longer `over`, or gone, or somebody else holds a claim that has not expired at
        `now`.
        """
        ...

    async def end_renewal(self, account_id: AccountId, *, token: str) -> None:
        """Give the claim up, if it is held under this token."""
        ...
