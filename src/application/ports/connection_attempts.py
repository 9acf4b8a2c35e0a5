"""The sign-ins under way."""

from datetime import datetime
from typing import Protocol

from domain.account import Provider
from domain.connection import ConnectionAttempt
from domain.ids import ExpertId


class ConnectionAttempts(Protocol):
    async def add(self, attempt: ConnectionAttempt) -> None:
        """Raises ExpertNotFound."""
        ...

    async def take(self, state: str, *, of: ExpertId | None = None) -> ConnectionAttempt:
        """The attempt with this state, which is used up by being taken.

        Raises ConnectionAttemptNotFound when there is none (any more), or when it is not one `of` this expert: then it
        stays. Of two who take it at once, one gets it.
        """
        ...

    async def lock(self, state: str) -> ConnectionAttempt:
        """The attempt with this state, which stays; whoever else locks or takes it waits until the transaction ends.

        Raises ConnectionAttemptNotFound.
        """
        ...

    async def save(self, attempt: ConnectionAttempt) -> None:
        """Keep the `flow` and the `expires_at` of one that is locked."""
        ...

    async def remove_expired(self, now: datetime) -> int:
        """Forget the attempts that ended unused; returns how many."""
        ...

    async def ask_consent_afresh(self, expert_id: ExpertId, provider: Provider, *, wanted: bool) -> None:
        """Remember whether this expert's next sign-in must show the consent page. Raises ExpertNotFound."""
        ...

    async def consent_afresh(self, expert_id: ExpertId, provider: Provider) -> bool: ...
