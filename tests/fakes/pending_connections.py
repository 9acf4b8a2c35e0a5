"""A fake of the repository of sign-ins to be confirmed."""

from dataclasses import dataclass
from datetime import datetime

from application.ports.pending_connections import ConfirmedConnection, PendingConnection, ProvenConnection
from domain.account import Identity
from domain.connection import ConnectionAttemptNotFound
from domain.expert import ExpertNotFound
from domain.ids import ExpertId
from tests.fakes.tables import Tables


@dataclass(frozen=True, slots=True)
class FakePendingConnections:
    tables: Tables

    async def add(self, connection: ProvenConnection, *, token: str, expires_at: datetime) -> None:
        if connection.expert_id not in self.tables.experts:
            raise ExpertNotFound
        await self.forget(connection.expert_id, connection.signed_in.identity)
        self.tables.pending[connection.expert_id, token] = PendingConnection(
            content=connection, expires_at=expires_at
        )

    async def lock(self, expert_id: ExpertId, token: str) -> PendingConnection:
        if (expert_id, token) not in self.tables.pending:
            raise ConnectionAttemptNotFound
        return self.tables.pending[expert_id, token]

    async def confirm(
        self, expert_id: ExpertId, token: str, confirmed: ConfirmedConnection, *, expires_at: datetime
    ) -> None:
        await self.lock(expert_id, token)
        self.tables.pending[expert_id, token] = PendingConnection(content=confirmed, expires_at=expires_at)

    async def waits_for(self, identity: Identity, now: datetime) -> bool:
        return any(
            isinstance(one.content, ProvenConnection)
            and one.content.signed_in.identity == identity
            and one.expires_at > now
            for one in self.tables.pending.values()
        )

    async def forget(self, expert_id: ExpertId, identity: Identity) -> None:
        waiting = [
            (key, one.content)
            for key, one in self.tables.pending.items()
            if isinstance(one.content, ProvenConnection)
        ]
        for key, content in waiting:
            if key[0] == expert_id and content.signed_in.identity == identity:
                del self.tables.pending[key]

    async def remove_expired(self, now: datetime) -> int:
        expired = [key for key, one in self.tables.pending.items() if one.expires_at <= now]
        for key in expired:
            del self.tables.pending[key]
        return len(expired)
