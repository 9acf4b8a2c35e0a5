"""The grants in PostgreSQL: stored by the sign-in, renewed by those who spend them."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import DictRow

from adapters.postgres.audit_log import PostgresAuditLog
from adapters.postgres.errors import translated
from adapters.postgres.pool import Connection, Pool
from adapters.postgres.sealing import place
from application.ports.audit_log import WhoActs
from application.ports.cipher import Cipher
from application.ports.grant_vault import StoredGrant
from domain.account import Account, AccountNotFound
from domain.audit import Act, AuditAction
from domain.grant import Grant
from domain.ids import AccountId, ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresGrantVault:
    """Each call is a transaction of its own, since those who renew grants are inside none."""

    pool: Pool
    cipher: Cipher
    who_acts: WhoActs

    async def load(self, account_id: AccountId) -> StoredGrant:
        async with translated(), self.pool.connection() as connection:
            return await stored_grant(connection, self.cipher, account_id)

    async def save_renewed(
        self, account_id: AccountId, renewed: Grant, *, over: StoredGrant, now: datetime
    ) -> bool:
        row = _to_row(self.cipher, account_id, renewed)
        versions = {"grant_version": over.grant_version, "rotation": over.rotation}
        async with translated(), self.pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                """
                WITH before AS (SELECT use_audited_on FROM account_grant WHERE account_id = %(account_id)s)
                UPDATE account_grant
                SET scopes = %(scopes)s, secret = %(secret)s, rotation = rotation + 1, claimed_by = NULL,
                    claimed_until = NULL, use_audited_on = %(today)s
                FROM account
                WHERE account_grant.account_id = %(account_id)s AND account.account_id = %(account_id)s
                    AND account_grant.grant_version = %(grant_version)s AND rotation = %(rotation)s
                RETURNING expert_id, (SELECT use_audited_on FROM before) AS audited_on
                """,
                row | versions | {"today": now.date()},
            )
            saved = await cursor.fetchone()
            if saved is not None and saved["audited_on"] != now.date():
                await self._audit_use(connection, saved["expert_id"], account_id, now)
        if saved is None:
            await self.load(account_id)
        return saved is not None

    async def _audit_use(
        self, connection: Connection, expert_id: ExpertId, account_id: AccountId, now: datetime
    ) -> None:
        """Grants are renewed about once an hour, and whoever uses one on a day renews it on that day: an entry a day
        tells as much as one for each use."""
        used = Act(action=AuditAction.GRANT_USED, at=now, expert_id=expert_id, account_id=account_id)
        await PostgresAuditLog(connection=connection, who_acts=self.who_acts).add(used)

    async def claim_renewal(
        self, account_id: AccountId, *, over: StoredGrant, token: str, now: datetime, until: datetime
    ) -> bool:
        async with translated(), self.pool.connection() as connection:
            cursor = await connection.execute(
                """
                UPDATE account_grant SET claimed_by = %(token)s, claimed_until = %(until)s
                WHERE account_id = %(account_id)s AND grant_version = %(grant_version)s AND rotation = %(rotation)s
                    AND (claimed_until IS NULL OR claimed_until <= %(now)s OR claimed_by = %(token)s)
                """,
                {
                    "account_id": account_id,
                    "grant_version": over.grant_version,
                    "rotation": over.rotation,
                    "token": token,
                    "now": now,
                    "until": until,
                },
            )
        return cursor.rowcount == 1

    async def end_renewal(self, account_id: AccountId, *, token: str) -> None:
        async with translated(), self.pool.connection() as connection:
            await connection.execute(
                """
                UPDATE account_grant SET claimed_by = NULL, claimed_until = NULL
                WHERE account_id = %(account_id)s AND claimed_by = %(token)s
                """,
                {"account_id": account_id, "token": token},
            )


async def stored_grant(connection: Connection, cipher: Cipher, account_id: AccountId) -> StoredGrant:
    """Raises AccountNotFound."""
    cursor = await connection.execute(
        "SELECT * FROM account_grant WHERE account_id = %(account_id)s", {"account_id": account_id}
    )
    row = await cursor.fetchone()
    if row is None:
        raise AccountNotFound
    return _from_row(cipher, row)


async def store_grant(connection: Connection, cipher: Cipher, account: Account, grant: Grant) -> None:
    """The grant of a new sign-in, in the place of any older one."""
    await connection.execute(
        """
        INSERT INTO account_grant (account_id, scopes, secret, grant_version, rotation)
        VALUES (%(account_id)s, %(scopes)s, %(secret)s, %(grant_version)s, 0)
        ON CONFLICT (account_id) DO UPDATE
        SET scopes = excluded.scopes, secret = excluded.secret, grant_version = excluded.grant_version, rotation = 0,
            claimed_by = NULL, claimed_until = NULL
        """,
        _to_row(cipher, account.account_id, grant) | {"grant_version": account.grant_version},
    )


def _from_row(cipher: Cipher, row: DictRow) -> StoredGrant:
    return StoredGrant(
        grant=Grant(
            scopes=tuple(row["scopes"]), secret=cipher.open(row["secret"], context=_secret(row["account_id"]))
        ),
        grant_version=row["grant_version"],
        rotation=row["rotation"],
    )


def _to_row(cipher: Cipher, account_id: AccountId, grant: Grant) -> DictRow:
    return {
        "account_id": account_id,
        "scopes": list(grant.scopes),
        "secret": cipher.seal(grant.secret, context=_secret(account_id)),
    }


def _secret(account_id: str) -> str:
    return place("account_grant", account_id, column="secret")
