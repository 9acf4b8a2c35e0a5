"""The grants in PostgreSQL: stored by the sign-in, renewed by those who spend them."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import DictRow

from adapters.postgres.errors import translated
from adapters.postgres.pool import Connection, Pool
from adapters.postgres.sealing import place
from application.ports.cipher import Cipher
from application.ports.grant_vault import StoredGrant
from domain.account import Account, AccountNotFound
from domain.grant import Grant
from domain.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresGrantVault:
    """Each call is a transaction of its own, since those who renew grants are inside none."""

    pool: Pool
    cipher: Cipher

    async def load(self, account_id: AccountId) -> StoredGrant:
        async with translated(), self.pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT * FROM account_grant WHERE account_id = %(account_id)s", {"account_id": account_id}
            )
            row = await cursor.fetchone()
        if row is None:
            raise AccountNotFound
        return _from_row(self.cipher, row)

    async def save_renewed(self, account_id: AccountId, renewed: Grant, *, over: StoredGrant) -> bool:
        row = _to_row(self.cipher, account_id, renewed)
        async with translated(), self.pool.connection() as connection:
            cursor = await connection.execute(
                """
                UPDATE account_grant
                SET scopes = %(scopes)s, secret = %(secret)s, rotation = rotation + 1, claimed_by = NULL,
                    claimed_until = NULL
                WHERE account_id = %(account_id)s AND grant_version = %(grant_version)s AND rotation = %(rotation)s
                """,
                row | {"grant_version": over.grant_version, "rotation": over.rotation},
            )
        if cursor.rowcount == 0:
            await self.load(account_id)
        return cursor.rowcount == 1

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
