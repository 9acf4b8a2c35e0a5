"""The sign-ins to be confirmed, in PostgreSQL: sealed as long as they wait."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

from psycopg.rows import DictRow

from adapters.postgres.pool import Connection
from adapters.postgres.sealing import hash_of, open_fields, place, seal_fields
from application.ports.cipher import Cipher
from application.ports.pending_connections import ConfirmedConnection, PendingConnection, ProvenConnection
from application.ports.sign_in import SignedIn
from domain.account import AccountKind, Identity, Provider
from domain.calendar import RemoteCalendar, Uncheckable
from domain.connection import ConnectionAttemptNotFound
from domain.grant import Grant
from domain.ids import AccountId, ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresPendingConnections:
    connection: Connection
    cipher: Cipher

    async def add(self, connection: ProvenConnection, *, token: str, expires_at: datetime) -> None:
        identity = connection.signed_in.identity
        await self.forget(connection.expert_id, identity)
        await self.connection.execute(
            """
            INSERT INTO pending_connection (token_hash, expert_id, provider, tenant_id, object_id, reconnects, sign_in,
                expires_at)
            VALUES (%(token_hash)s, %(expert_id)s, %(provider)s, %(tenant_id)s, %(object_id)s, %(reconnects)s,
                %(sign_in)s, %(expires_at)s)
            """,
            _key(connection.expert_id, identity)
            | {
                "token_hash": hash_of(token),
                "reconnects": connection.reconnects,
                "sign_in": seal_fields(self.cipher, _to_fields(connection), context=_sign_in(hash_of(token))),
                "expires_at": expires_at,
            },
        )

    async def lock(self, expert_id: ExpertId, token: str) -> PendingConnection:
        # The few rows of the expert, and none by the token: how long a search takes says nothing of how near one came.
        cursor = await self.connection.execute(
            "SELECT * FROM pending_connection WHERE expert_id = %(expert_id)s ORDER BY token_hash FOR UPDATE",
            {"expert_id": expert_id},
        )
        wanted = hash_of(token)
        found = [row async for row in cursor if compare_digest(row["token_hash"], wanted)]
        if not found:
            raise ConnectionAttemptNotFound
        return self._from_row(found[0])

    async def confirm(
        self, expert_id: ExpertId, token: str, confirmed: ConfirmedConnection, *, expires_at: datetime
    ) -> None:
        cursor = await self.connection.execute(
            """
            UPDATE pending_connection
            SET sign_in = NULL, account_id = %(account_id)s, reconnected = %(reconnected)s, expires_at = %(expires_at)s
            WHERE token_hash = %(token_hash)s AND expert_id = %(expert_id)s
            """,
            {
                "token_hash": hash_of(token),
                "expert_id": expert_id,
                "account_id": confirmed.account_id,
                "reconnected": confirmed.reconnected,
                "expires_at": expires_at,
            },
        )
        if cursor.rowcount == 0:
            raise ConnectionAttemptNotFound

    async def waits_for(self, identity: Identity, now: datetime) -> bool:
        # No index: there are as many as people who signed in within the last minutes.
        cursor = await self.connection.execute(
            """
            SELECT FROM pending_connection
            WHERE provider = %(provider)s AND tenant_id = %(tenant_id)s AND object_id = %(object_id)s
                AND sign_in IS NOT NULL AND expires_at > %(now)s
            LIMIT 1
            """,
            {
                "provider": identity.provider.value,
                "tenant_id": identity.tenant_id,
                "object_id": identity.object_id,
                "now": now,
            },
        )
        return cursor.rowcount == 1

    async def forget(self, expert_id: ExpertId, identity: Identity) -> None:
        await self.connection.execute(
            """
            DELETE FROM pending_connection
            WHERE expert_id = %(expert_id)s AND provider = %(provider)s AND tenant_id = %(tenant_id)s
                AND object_id = %(object_id)s AND sign_in IS NOT NULL
            """,
            _key(expert_id, identity),
        )

    async def remove_expired(self, now: datetime) -> int:
        cursor = await self.connection.execute(
            "DELETE FROM pending_connection WHERE expires_at <= %(now)s", {"now": now}
        )
        return cursor.rowcount

    def _from_row(self, row: DictRow) -> PendingConnection:
        if row["account_id"] is not None:
            content: ProvenConnection | ConfirmedConnection = ConfirmedConnection(
                account_id=AccountId(row["account_id"]), reconnected=row["reconnected"]
            )
        else:
            fields = open_fields(self.cipher, row["sign_in"], context=_sign_in(row["token_hash"]))
            content = _from_fields(row, fields)
        return PendingConnection(content=content, expires_at=row["expires_at"])


def _key(expert_id: ExpertId, identity: Identity) -> DictRow:
    return {
        "expert_id": expert_id,
        "provider": identity.provider.value,
        "tenant_id": identity.tenant_id,
        "object_id": identity.object_id,
    }


def _to_fields(connection: ProvenConnection) -> dict[str, Any]:
    signed_in = connection.signed_in
    return {
        "kind": signed_in.kind.value,
        "email": signed_in.email,
        "display_name": signed_in.display_name,
        "scopes": signed_in.grant.scopes,
        "secret": b64encode(signed_in.grant.secret).decode(),
        "listed": [_to_listed(one) for one in connection.listed],
        "list_again_seconds": connection.list_again_in.total_seconds(),
    }


def _from_fields(row: DictRow, fields: Mapping[str, Any]) -> ProvenConnection:
    return ProvenConnection(
        expert_id=ExpertId(row["expert_id"]),
        reconnects=None if row["reconnects"] is None else AccountId(row["reconnects"]),
        signed_in=SignedIn(
            identity=Identity(
                provider=Provider(row["provider"]), tenant_id=row["tenant_id"], object_id=row["object_id"]
            ),
            kind=AccountKind(fields["kind"]),
            email=fields["email"],
            display_name=fields["display_name"],
            grant=Grant(scopes=tuple(fields["scopes"]), secret=b64decode(fields["secret"])),
        ),
        listed=tuple(_from_listed(one) for one in fields["listed"]),
        list_again_in=timedelta(seconds=fields["list_again_seconds"]),
    )


def _to_listed(calendar: RemoteCalendar) -> dict[str, Any]:
    """Without what most calendars don't have, and processes of the version before don't know."""
    fields = asdict(calendar)
    if (uncheckable := fields.pop("uncheckable")) is not None:
        fields["uncheckable"] = uncheckable.value
    return fields


def _from_listed(fields: Mapping[str, Any]) -> RemoteCalendar:
    uncheckable = fields.get("uncheckable")
    return RemoteCalendar(
        **{**fields, "uncheckable": None if uncheckable is None else Uncheckable(uncheckable)}
    )


def _sign_in(token_hash: bytes) -> str:
    return place("pending_connection", token_hash.hex(), column="sign_in")
