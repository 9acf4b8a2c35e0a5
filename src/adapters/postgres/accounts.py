"""The accounts and their grants in PostgreSQL."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import DictRow

from adapters.postgres.forgotten_sessions import FORGET_FORMER
from adapters.postgres.grant_vault import store_grant, stored_grant
from adapters.postgres.jobs import forget_wishes_of_account
from adapters.postgres.pool import Connection
from adapters.postgres.sealing import open_fields, place, seal_fields
from application.ports.cipher import Cipher
from domain.access import LossCause
from domain.account import Account, AccountKind, AccountNotFound, AccountStatus, Identity, Provider
from domain.doubt import Doubt
from domain.grant import Grant
from domain.ids import AccountId, ExpertId

_BEFORE_ALL: Final = ("", "")
_BEHIND_ALL: Final = (chr(0x10FFFF), "")
"""Of tenants and object ids, in the order in which PostgreSQL sorts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresAccounts:
    connection: Connection
    cipher: Cipher

    async def of_expert(self, expert_id: ExpertId) -> tuple[Account, ...]:
        cursor = await self.connection.execute(
            "SELECT * FROM account WHERE expert_id = %(expert_id)s ORDER BY connected_at, account_id",
            {"expert_id": expert_id},
        )
        return tuple([self._from_row(row) async for row in cursor])

    async def get(self, account_id: AccountId, *, of: ExpertId | None = None) -> Account:
        cursor = await self.connection.execute(
            "SELECT * FROM account WHERE account_id = %(account_id)s", {"account_id": account_id}
        )
        account = self._one(await cursor.fetchone())
        if of not in {None, account.expert_id}:
            raise AccountNotFound
        return account

    async def lock(self, account_id: AccountId) -> Account:
        # Not FOR UPDATE: rows that refer to the account may still be added by others.
        cursor = await self.connection.execute(
            "SELECT * FROM account WHERE account_id = %(account_id)s FOR NO KEY UPDATE",
            {"account_id": account_id},
        )
        return self._one(await cursor.fetchone())

    async def grant(self, account_id: AccountId) -> Grant:
        return (await stored_grant(self.connection, self.cipher, account_id)).grant

    async def is_connected(self, identity: Identity) -> bool:
        cursor = await self.connection.execute(
            """
            SELECT FROM account
            WHERE provider = %(provider)s AND tenant_id = %(tenant_id)s AND object_id = %(object_id)s
            LIMIT 1
            """,
            {
                "provider": identity.provider.value,
                "tenant_id": identity.tenant_id,
                "object_id": identity.object_id,
            },
        )
        return cursor.rowcount == 1

    async def working_elsewhere(self, identity: Identity, *, limit: int) -> tuple[AccountId, ...]:
        found: list[AccountId] = []
        # From tenant to tenant, the account's own one skipped: no tenant's accounts are gone through.
        for start, end in ((identity.tenant_id, None), ("", identity.tenant_id)):
            after = start
            while len(found) < limit and (row := await self._next_tenant(identity.provider, after, end)):
                found.append(AccountId(row["account_id"]))
                after = row["tenant_id"]
        return tuple(found)

    async def _next_tenant(self, provider: Provider, after: str, before: str | None) -> DictRow | None:
        cursor = await self.connection.execute(
            """
            SELECT account_id, tenant_id FROM account
            WHERE provider = %(provider)s AND status = 'ACTIVE' AND tenant_id > %(after)s
                AND (%(before)s::text IS NULL OR tenant_id < %(before)s)
            ORDER BY tenant_id
            LIMIT 1
            """,
            {"provider": provider.value, "after": after, "before": before},
        )
        return await cursor.fetchone()

    async def others_working(self, identity: Identity, *, limit: int) -> tuple[AccountId, ...]:
        found: list[AccountId] = []
        # From identity to identity, behind its own one first: those who are asked differ from one account to the next.
        own = (identity.tenant_id, identity.object_id)
        for start, end in ((own, _BEHIND_ALL), (_BEFORE_ALL, own)):
            after = start
            while len(found) < limit and (row := await self._next_identity(identity.provider, after, end)):
                found.append(AccountId(row["account_id"]))
                after = (row["tenant_id"], row["object_id"])
        return tuple(found)

    async def _next_identity(
        self, provider: Provider, after: tuple[str, str], before: tuple[str, str]
    ) -> DictRow | None:
        cursor = await self.connection.execute(
            """
            SELECT account_id, tenant_id, object_id FROM account
            WHERE provider = %(provider)s AND status = 'ACTIVE'
                AND (tenant_id, object_id) > (%(tenant)s, %(object)s)
                AND (tenant_id, object_id) < (%(to_tenant)s, %(to_object)s)
            ORDER BY tenant_id, object_id
            LIMIT 1
            """,
            {
                "provider": provider.value,
                "tenant": after[0],
                "object": after[1],
                "to_tenant": before[0],
                "to_object": before[1],
            },
        )
        return await cursor.fetchone()

    async def add(self, account: Account, grant: Grant) -> None:
        await self.connection.execute(
            """
            INSERT INTO account (account_id, expert_id, provider, tenant_id, object_id, kind, status, loss_cause,
                person, connected_at, grant_version, unserved_since, doubt_grant_version, doubt_refusals, doubt_at)
            VALUES (%(account_id)s, %(expert_id)s, %(provider)s, %(tenant_id)s, %(object_id)s, %(kind)s, %(status)s,
                %(loss_cause)s, %(person)s, %(connected_at)s, %(grant_version)s, %(unserved_since)s,
                %(doubt_grant_version)s, %(doubt_refusals)s, %(doubt_at)s)
            """,
            self._to_row(account),
        )
        await store_grant(self.connection, self.cipher, account, grant)

    async def save(self, account: Account, grant: Grant | None = None) -> None:
        cursor = await self.connection.execute(
            """
            UPDATE account
            SET expert_id = %(expert_id)s, provider = %(provider)s, tenant_id = %(tenant_id)s,
                object_id = %(object_id)s, kind = %(kind)s, status = %(status)s, loss_cause = %(loss_cause)s,
                person = %(person)s, connected_at = %(connected_at)s, grant_version = %(grant_version)s,
                unserved_since = %(unserved_since)s, doubt_grant_version = %(doubt_grant_version)s,
                doubt_refusals = %(doubt_refusals)s, doubt_at = %(doubt_at)s
            WHERE account_id = %(account_id)s
            """,
            self._to_row(account),
        )
        if cursor.rowcount == 0:
            raise AccountNotFound
        if grant is not None:
            await store_grant(self.connection, self.cipher, account, grant)

    async def trust(self, account_id: AccountId) -> None:
        await self.connection.execute(
            """
            UPDATE account SET doubt_grant_version = NULL, doubt_refusals = NULL, doubt_at = NULL
            WHERE account_id = %(account_id)s AND doubt_at IS NOT NULL
            """,
            {"account_id": account_id},
        )

    async def remove(self, account_id: AccountId) -> None:
        await forget_wishes_of_account(self.connection, account_id)
        cursor = await self.connection.execute(
            """
            WITH gone AS (DELETE FROM account WHERE account_id = %(account_id)s RETURNING *)
            INSERT INTO former_account (account_id, expert_id, provider, tenant_id, object_id)
            SELECT account_id, expert_id, provider, tenant_id, object_id FROM gone
            """,
            {"account_id": account_id},
        )
        if cursor.rowcount == 0:
            raise AccountNotFound

    async def take_former(self, account: Account) -> frozenset[AccountId]:
        cursor = await self.connection.execute(
            """
            DELETE FROM former_account
            WHERE expert_id = %(expert_id)s AND provider = %(provider)s AND tenant_id = %(tenant_id)s
                AND object_id = %(object_id)s
            RETURNING account_id
            """,
            {
                "expert_id": account.expert_id,
                "provider": account.identity.provider.value,
                "tenant_id": account.identity.tenant_id,
                "object_id": account.identity.object_id,
            },
        )
        return frozenset([AccountId(row["account_id"]) async for row in cursor])

    async def forget_former(self, expert_ids: Collection[ExpertId], before: datetime) -> int:
        cursor = await self.connection.execute(
            FORGET_FORMER, {"expert_ids": sorted(set(expert_ids)), "before": before}
        )
        return cursor.rowcount

    def _one(self, row: DictRow | None) -> Account:
        if row is None:
            raise AccountNotFound
        return self._from_row(row)

    def _from_row(self, row: DictRow) -> Account:
        person = open_fields(self.cipher, row["person"], context=_person(row["account_id"]))
        return Account(
            account_id=AccountId(row["account_id"]),
            expert_id=ExpertId(row["expert_id"]),
            identity=Identity(
                provider=Provider(row["provider"]), tenant_id=row["tenant_id"], object_id=row["object_id"]
            ),
            kind=AccountKind(row["kind"]),
            status=AccountStatus(row["status"]),
            email=person["email"],
            display_name=person["display_name"],
            connected_at=row["connected_at"],
            grant_version=row["grant_version"],
            unserved_since=row["unserved_since"],
            loss_cause=LossCause(row["loss_cause"]) if row["loss_cause"] is not None else None,
            doubt=_doubt(row),
        )

    def _to_row(self, account: Account) -> DictRow:
        person = {"email": account.email, "display_name": account.display_name}
        return {
            "account_id": account.account_id,
            "expert_id": account.expert_id,
            "provider": account.identity.provider.value,
            "tenant_id": account.identity.tenant_id,
            "object_id": account.identity.object_id,
            "kind": account.kind.value,
            "status": account.status.value,
            "loss_cause": account.loss_cause.value if account.loss_cause is not None else None,
            "person": seal_fields(self.cipher, person, context=_person(account.account_id)),
            "connected_at": account.connected_at,
            "grant_version": account.grant_version,
            "unserved_since": account.unserved_since,
            "doubt_grant_version": account.doubt and account.doubt.grant_version,
            "doubt_refusals": account.doubt and account.doubt.refusals,
            "doubt_at": account.doubt and account.doubt.last_at,
        }


def _doubt(row: DictRow) -> Doubt | None:
    if row["doubt_at"] is None:
        return None
    return Doubt(
        grant_version=row["doubt_grant_version"], refusals=row["doubt_refusals"], last_at=row["doubt_at"]
    )


def _person(account_id: str) -> str:
    return place("account", account_id, column="person")
