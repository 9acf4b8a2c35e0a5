"""The sign-ins under way in PostgreSQL, found by the hash of their state."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import DictRow

from adapters.postgres.pool import Connection
from adapters.postgres.sealing import hash_of, open_text, place, seal_text
from application.ports.cipher import Cipher
from domain.account import Provider
from domain.connection import ConnectionAttempt, ConnectionAttemptNotFound, Way
from domain.ids import AccountId, ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresConnectionAttempts:
    connection: Connection
    cipher: Cipher

    async def add(self, attempt: ConnectionAttempt) -> None:
        await self.connection.execute(
            """
            INSERT INTO connection_attempt (state_hash, expert_id, provider, reconnects, way, return_url, flow,
                expires_at)
            VALUES (%(state_hash)s, %(expert_id)s, %(provider)s, %(reconnects)s, %(way)s, %(return_url)s, %(flow)s,
                %(expires_at)s)
            """,
            self._to_row(attempt),
        )

    async def take(self, state: str, *, of: ExpertId | None = None) -> ConnectionAttempt:
        cursor = await self.connection.execute(
            """
            DELETE FROM connection_attempt
            WHERE state_hash = %(state_hash)s AND (%(of)s::text IS NULL OR expert_id = %(of)s)
            RETURNING *
            """,
            {"state_hash": hash_of(state), "of": of},
        )
        row = await cursor.fetchone()
        if row is None:
            raise ConnectionAttemptNotFound
        return self._from_row(row, state)

    async def lock(self, state: str) -> ConnectionAttempt:
        cursor = await self.connection.execute(
            "SELECT * FROM connection_attempt WHERE state_hash = %(state_hash)s FOR UPDATE",
            {"state_hash": hash_of(state)},
        )
        row = await cursor.fetchone()
        if row is None:
            raise ConnectionAttemptNotFound
        return self._from_row(row, state)

    async def save(self, attempt: ConnectionAttempt) -> None:
        await self.connection.execute(
            """
            UPDATE connection_attempt SET flow = %(flow)s, expires_at = %(expires_at)s
            WHERE state_hash = %(state_hash)s
            """,
            self._to_row(attempt),
        )

    async def remove_expired(self, now: datetime) -> int:
        cursor = await self.connection.execute(
            "DELETE FROM connection_attempt WHERE expires_at <= %(now)s", {"now": now}
        )
        return cursor.rowcount

    async def ask_consent_afresh(self, expert_id: ExpertId, provider: Provider, *, wanted: bool) -> None:
        key = {"expert_id": expert_id, "provider": provider.value}
        if wanted:
            await self.connection.execute(
                """
                INSERT INTO consent_afresh (expert_id, provider) VALUES (%(expert_id)s, %(provider)s)
                ON CONFLICT DO NOTHING
                """,
                key,
            )
        else:
            await self.connection.execute(
                "DELETE FROM consent_afresh WHERE expert_id = %(expert_id)s AND provider = %(provider)s", key
            )

    async def consent_afresh(self, expert_id: ExpertId, provider: Provider) -> bool:
        cursor = await self.connection.execute(
            "SELECT FROM consent_afresh WHERE expert_id = %(expert_id)s AND provider = %(provider)s",
            {"expert_id": expert_id, "provider": provider.value},
        )
        return cursor.rowcount == 1

    def _from_row(self, row: DictRow, state: str) -> ConnectionAttempt:
        return_url = row["return_url"]
        return ConnectionAttempt(
            state=state,
            expert_id=ExpertId(row["expert_id"]),
            provider=Provider(row["provider"]),
            reconnects=None if row["reconnects"] is None else AccountId(row["reconnects"]),
            way=_way(row),
            return_url=return_url and open_text(self.cipher, return_url, context=_place(state, "return_url")),
            flow=self.cipher.open(row["flow"], context=_place(state, "flow")),
            expires_at=row["expires_at"],
        )

    def _to_row(self, attempt: ConnectionAttempt) -> DictRow:
        return_url = attempt.return_url
        return {
            "state_hash": hash_of(attempt.state),
            "expert_id": attempt.expert_id,
            "provider": attempt.provider.value,
            "reconnects": attempt.reconnects,
            "way": None if attempt.way is None else attempt.way.name,
            "return_url": None
            if return_url is None
            else seal_text(self.cipher, return_url, context=_place(attempt.state, "return_url")),
            "flow": self.cipher.seal(attempt.flow, context=_place(attempt.state, "flow")),
            "expires_at": attempt.expires_at,
        }


def _way(row: DictRow) -> Way | None:
    """A process of the version before said where the browser goes, but no more than that."""
    if row["way"] is not None:
        return Way[row["way"]]
    return None if row["return_url"] is None else Way.RETURN_URL


def _place(state: str, column: str) -> str:
    return place("connection_attempt", hash_of(state).hex(), column=column)
