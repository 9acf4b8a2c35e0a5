"""The credentials of callers in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import psycopg
from psycopg.rows import DictRow

from adapters.postgres.audit_log import PostgresAuditLog
from adapters.postgres.errors import translated
from adapters.postgres.pool import Connection, Pool
from application.ports.callers import MOST_VALID, CredentialTaken
from domain.audit import Act, Actor, ActorKind, AuditAction
from domain.caller import (
    Caller,
    CertificateName,
    Credential,
    CredentialNotFound,
    Scope,
    TokenDigest,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresCredentials:
    """Who makes or revokes one is recorded in the audit log: an operator, on the command line."""

    pool: Pool

    async def add(self, credential: Credential) -> None:
        try:
            async with translated(), self.pool.connection() as connection, connection.transaction():
                await _audit(connection, AuditAction.CREDENTIAL_MADE, credential, credential.created_at)
                await connection.execute(
                    """
                    INSERT INTO caller_credential (credential_id, caller, scopes, token_sha256, certificate_name,
                        limits_times, created_at, expires_at, revoked_at)
                    VALUES (%(credential_id)s, %(caller)s, %(scopes)s, %(token_sha256)s, %(certificate_name)s,
                        %(limits_times)s, %(created_at)s, %(expires_at)s, %(revoked_at)s)
                    """,
                    _to_row(credential),
                )
        except psycopg.errors.UniqueViolation:
            raise CredentialTaken from None

    async def revoke(self, credential_id: str, now: datetime) -> Credential:
        async with translated(), self.pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "SELECT * FROM caller_credential WHERE credential_id = %(credential_id)s FOR UPDATE",
                {"credential_id": credential_id},
            )
            row = await cursor.fetchone()
            if row is None:
                raise CredentialNotFound
            credential = _from_row(row)
            if credential.revoked_at is not None:
                return credential
            await connection.execute(
                "UPDATE caller_credential SET revoked_at = %(now)s WHERE credential_id = %(credential_id)s",
                {"credential_id": credential_id, "now": now},
            )
            await _audit(connection, AuditAction.CREDENTIAL_REVOKED, credential, now)
        return replace(credential, revoked_at=now)

    async def valid(self, now: datetime) -> Sequence[Credential]:
        return await self._found(
            """
            SELECT * FROM caller_credential
            WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %(now)s)
            ORDER BY credential_id LIMIT %(limit)s
            """,
            {"now": now, "limit": MOST_VALID},
        )

    async def newest(self, *, limit: int) -> Sequence[Credential]:
        return await self._found(
            "SELECT * FROM caller_credential ORDER BY created_at DESC, credential_id LIMIT %(limit)s",
            {"limit": limit},
        )

    async def _found(self, query: str, arguments: dict[str, object]) -> Sequence[Credential]:
        async with translated(), self.pool.connection() as connection:
            cursor = await connection.execute(query.encode(), arguments)
            return [_from_row(row) async for row in cursor]


async def _audit(connection: Connection, action: AuditAction, credential: Credential, at: datetime) -> None:
    act = Act(action=action, at=at, about=f"{credential.caller.name} {credential.credential_id}")
    await PostgresAuditLog(connection=connection, who_acts=_operator).add(act)


def _operator() -> Actor:
    return Actor(ActorKind.OPERATOR)


def _from_row(row: DictRow) -> Credential:
    name, digest = row["certificate_name"], row["token_sha256"]
    return Credential(
        credential_id=row["credential_id"],
        caller=Caller(name=row["caller"], scopes=_known_scopes(row["scopes"])),
        proof=TokenDigest(bytes(digest)) if name is None else CertificateName.parse(name),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        limits_times=row["limits_times"],
    )


def _to_row(credential: Credential) -> DictRow:
    proof = credential.proof
    return {
        "credential_id": credential.credential_id,
        "caller": credential.caller.name,
        "scopes": sorted(scope.value for scope in credential.caller.scopes),
        "token_sha256": proof.sha256 if isinstance(proof, TokenDigest) else None,
        "certificate_name": str(proof) if isinstance(proof, CertificateName) else None,
        "limits_times": credential.limits_times,
        "created_at": credential.created_at,
        "expires_at": credential.expires_at,
        "revoked_at": credential.revoked_at,
    }


def _known_scopes(values: Sequence[str]) -> frozenset[Scope]:
    """A scope that a newer version has added, while it is rolled out, allows nothing here."""
    known = {scope.value for scope in Scope}
    return frozenset(Scope(value) for value in values if value in known)
