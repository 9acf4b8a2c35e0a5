"""Confirm a sign-in: the caller knows that the browser it came from is its expert's."""

from dataclasses import dataclass

from application.accounts.connect_account import ConnectAccount, Connected
from application.ports.clock import Clock
from application.ports.pending_connections import ConfirmedConnection
from application.ports.store import Store
from domain.connection import CONFIRMATION_LIFETIME
from domain.ids import ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmConnection:
    """Asks the provider nothing: what the sign-in proved was kept until now."""

    store: Store
    clock: Clock
    connect: ConnectAccount

    async def __call__(self, expert_id: ExpertId, token: str) -> Connected:
        """The account; for whoever asks again, the same, as it is by then.

        Raises ExpertNotFound, ConnectionAttemptNotFound (also for another expert's token), ConnectionAttemptExpired,
        and what `ConnectAccount` raises. In all of these cases what waited goes on waiting.
        """
        async with self.store.transaction() as tx:
            await tx.experts.lock(expert_id)
            found = await tx.pending.lock(expert_id, token)
            now = self.clock.now()
            found.require_alive(now)
            if isinstance(found.content, ConfirmedConnection):
                account = await tx.accounts.get(found.content.account_id, of=expert_id)
                return Connected(account=account, reconnected=found.content.reconnected)
            connected = await self.connect(tx, found.content)
            confirmed = ConfirmedConnection(
                account_id=connected.account.account_id, reconnected=connected.reconnected
            )
            await tx.pending.confirm(expert_id, token, confirmed, expires_at=now + CONFIRMATION_LIFETIME)
        return connected
