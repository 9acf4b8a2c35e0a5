"""Forget an account: its grant, its calendars, and what was chosen of them."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.store import Store
from application.sessions.wake_waiting import wake_waiting
from domain.account import Account
from domain.ids import AccountId, ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class DisconnectAccount:
    """Asks the provider nothing, so an outage can't block it: Microsoft has no call to give a grant back."""

    store: Store
    clock: Clock

    async def __call__(self, expert_id: ExpertId, account_id: AccountId) -> Account:
        """The account as it was. Its sessions' events stay in its calendars. Raises AccountNotFound."""
        async with self.store.transaction() as tx:
            account = await tx.accounts.get(account_id, of=expert_id)
            await tx.experts.lock(expert_id)
            calendars = await tx.calendars.of_account(account_id)
            settings = await tx.calendars.settings(expert_id)
            await tx.calendars.save_settings(settings.after_disconnecting(calendars))
            await tx.accounts.remove(account_id)
            await tx.attempts.ask_consent_afresh(expert_id, account.identity.provider, wanted=True)
            await wake_waiting(tx, expert_id, self.clock.now())
        return account
