"""Sign-ins that came back and wait for the caller to confirm whose browser it was."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from application.ports.sign_in import SignedIn
from domain.account import Identity
from domain.calendar import RemoteCalendar
from domain.connection import ConnectionAttemptExpired
from domain.ids import AccountId, ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenConnection:
    """What a sign-in proved: who signed in, for whom, and what their mailbox showed at first sight.

    `reconnects` is the account that the sign-in was begun for, None where it was begun for any. `listed` is empty where
    the calendars were not believed or not to be had; then they are listed again in `list_again_in`.
    """

    expert_id: ExpertId
    reconnects: AccountId | None
    signed_in: SignedIn
    listed: tuple[RemoteCalendar, ...] = field(repr=False)
    list_again_in: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedConnection:
    """What is left once it was confirmed, for whoever asks again."""

    account_id: AccountId
    reconnected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingConnection:
    """What a token stands for until `expires_at`."""

    content: ProvenConnection | ConfirmedConnection
    expires_at: datetime

    def require_alive(self, now: datetime) -> None:
        """Raises ConnectionAttemptExpired."""
        if now >= self.expires_at:
            raise ConnectionAttemptExpired


class PendingConnections(Protocol):
    async def add(self, connection: ProvenConnection, *, token: str, expires_at: datetime) -> None:
        """Keep it under this token, in the place of one that this expert hasn't confirmed for the same identity.

        Raises ExpertNotFound.
        """
        ...

    async def lock(self, expert_id: ExpertId, token: str) -> PendingConnection:
        """What this expert's token stands for; whoever else asks for it waits until the transaction ends.

        Raises ConnectionAttemptNotFound, also when the token is another expert's.
        """
        ...

    async def confirm(
        self, expert_id: ExpertId, token: str, confirmed: ConfirmedConnection, *, expires_at: datetime
    ) -> None:
        """Erase what waited, and remember what became of it. Raises ConnectionAttemptNotFound."""
        ...

    async def waits_for(self, identity: Identity, now: datetime) -> bool:
        """Whether a sign-in of any expert with this identity may still be confirmed."""
        ...

    async def forget(self, expert_id: ExpertId, identity: Identity) -> None:
        """Erase what this expert hasn't confirmed for this identity, if anything."""
        ...

    async def remove_expired(self, now: datetime) -> int:
        """Erase what was not confirmed in time, and what was confirmed long enough ago; returns how many."""
        ...
