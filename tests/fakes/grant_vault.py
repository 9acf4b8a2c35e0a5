"""A fake of the grant vault on the tables of a fake store."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime

from application.ports.audit_log import WhoActs
from application.ports.grant_vault import StoredGrant
from domain.account import AccountNotFound
from domain.audit import Act, AuditAction
from domain.grant import Grant
from domain.ids import AccountId
from tests.fakes.audit_log import FakeAuditLog
from tests.fakes.tables import Claim, Tables


@dataclass(frozen=True, slots=True)
class FakeGrantVault:
    """Each call is a transaction of its own."""

    transaction: Callable[[], AbstractAsyncContextManager[Tables]]
    who_acts: WhoActs

    async def load(self, account_id: AccountId) -> StoredGrant:
        async with self.transaction() as tables:
            return _stored(tables, account_id)

    async def save_renewed(
        self, account_id: AccountId, renewed: Grant, *, over: StoredGrant, now: datetime
    ) -> bool:
        async with self.transaction() as tables:
            stored = _stored(tables, account_id)
            if (stored.grant_version, stored.rotation) != (over.grant_version, over.rotation):
                return False
            tables.grants[account_id] = replace(stored, grant=renewed, rotation=stored.rotation + 1)
            tables.grant_claims.pop(account_id, None)
            await self._audit_use(tables, account_id, now)
            return True

    async def _audit_use(self, tables: Tables, account_id: AccountId, now: datetime) -> None:
        """Tests of providers keep grants of accounts that are not there."""
        account = tables.accounts.get(account_id)
        if account is None or tables.uses_audited.get(account_id) == now.date():
            return
        tables.uses_audited[account_id] = now.date()
        used = Act(action=AuditAction.GRANT_USED, at=now, expert_id=account.expert_id, account_id=account_id)
        await FakeAuditLog(tables, self.who_acts).add(used)

    async def claim_renewal(
        self, account_id: AccountId, *, over: StoredGrant, token: str, now: datetime, until: datetime
    ) -> bool:
        async with self.transaction() as tables:
            stored, claim = tables.grants.get(account_id), tables.grant_claims.get(account_id)
            if stored is None or (stored.grant_version, stored.rotation) != (
                over.grant_version,
                over.rotation,
            ):
                return False
            if claim is not None and claim.token != token and claim.until > now:
                return False
            tables.grant_claims[account_id] = Claim(token, until)
            return True

    async def end_renewal(self, account_id: AccountId, *, token: str) -> None:
        async with self.transaction() as tables:
            claim = tables.grant_claims.get(account_id)
            if claim is not None and claim.token == token:
                del tables.grant_claims[account_id]


def _stored(tables: Tables, account_id: AccountId) -> StoredGrant:
    try:
        return tables.grants[account_id]
    except KeyError:
        raise AccountNotFound from None
