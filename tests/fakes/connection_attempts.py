"""A fake of the repository of sign-ins under way."""

from dataclasses import dataclass, replace
from datetime import datetime

from domain.account import Provider
from domain.connection import ConnectionAttempt, ConnectionAttemptNotFound
from domain.expert import ExpertNotFound
from domain.ids import ExpertId
from tests.fakes.tables import Tables


@dataclass(frozen=True, slots=True)
class FakeConnectionAttempts:
    tables: Tables

    async def add(self, attempt: ConnectionAttempt) -> None:
        self._require(attempt.expert_id)
        assert attempt.state not in self.tables.attempts, "states are unguessable and never come twice"
        self.tables.attempts[attempt.state] = attempt

    async def take(self, state: str, *, of: ExpertId | None = None) -> ConnectionAttempt:
        attempt = self.tables.attempts.get(state)
        if attempt is None or of not in {None, attempt.expert_id}:
            raise ConnectionAttemptNotFound
        return self.tables.attempts.pop(state)

    async def lock(self, state: str) -> ConnectionAttempt:
        if state not in self.tables.attempts:
            raise ConnectionAttemptNotFound
        return self.tables.attempts[state]

    async def save(self, attempt: ConnectionAttempt) -> None:
        before = self.tables.attempts[attempt.state]
        self.tables.attempts[attempt.state] = replace(
            before, flow=attempt.flow, expires_at=attempt.expires_at
        )

    async def remove_expired(self, now: datetime) -> int:
        expired = [state for state, one in self.tables.attempts.items() if one.expires_at <= now]
        for state in expired:
            del self.tables.attempts[state]
        return len(expired)

    async def ask_consent_afresh(self, expert_id: ExpertId, provider: Provider, *, wanted: bool) -> None:
        if wanted:
            self._require(expert_id)
            self.tables.consent_afresh.add((expert_id, provider))
        else:
            self.tables.consent_afresh.discard((expert_id, provider))

    async def consent_afresh(self, expert_id: ExpertId, provider: Provider) -> bool:
        return (expert_id, provider) in self.tables.consent_afresh

    def _require(self, expert_id: ExpertId) -> None:
        if expert_id not in self.tables.experts:
            raise ExpertNotFound
