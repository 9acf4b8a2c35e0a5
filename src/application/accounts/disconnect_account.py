"""Forget an account: its grant, its calendars, its notifications, and what was chosen of it."""

from dataclasses import dataclass

from application.give_back_grants import GiveBackGrants
from application.notifications.end_subscriptions import EndSubscriptions
from application.ports.clock import Clock
from application.ports.store import Store
from application.wakeups.wake_sessions import wake_sessions
from domain.account import Account
from domain.audit import AuditAction, act_on_account
from domain.change import ChangeType, change_of_account
from domain.ids import AccountId, ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class DisconnectAccount:
    """A provider that can't be reached never blocks it. Where it can, the grant is given back later."""

    store: Store
    clock: Clock
    end_subscriptions: EndSubscriptions
    give_back: GiveBackGrants

    async def __call__(self, expert_id: ExpertId, account_id: AccountId) -> Account:
        """The account as it was. Its sessions' events stay in its calendars. Raises AccountNotFound."""
        async with self.store.transaction() as tx:
            known = await tx.accounts.get(account_id, of=expert_id)
            subscriptions = await tx.subscriptions.of_account(account_id)
        await self.end_subscriptions(one.ended(known.identity.provider) for one in subscriptions)
        async with self.store.transaction() as tx:
            account = await tx.accounts.get(account_id, of=expert_id)
            await tx.experts.lock(expert_id)
            # Before its readings, as whoever finds that calendars moved does.
            await tx.accounts.lock(account_id)
            calendars = await tx.calendars.of_account(account_id)
            settings = await tx.calendars.settings(expert_id)
            await tx.calendars.save_settings(settings.after_disconnecting(calendars))
            held = await self.give_back.held(tx, [account])
            await tx.accounts.remove(account_id)
            # Nor may a sign-in that is still to be confirmed bring it back.
            await tx.pending.forget(expert_id, account.identity)
            await tx.attempts.ask_consent_afresh(expert_id, account.identity.provider, wanted=True)
            now = self.clock.now()
            await tx.audit.add(act_on_account(AuditAction.CONSENT_WITHDRAWN, account, at=now))
            for type_ in (ChangeType.ACCOUNT_DISCONNECTED, ChangeType.CALENDARS_CHANGED):
                await tx.changes.add(change_of_account(type_, account, at=now))
            await wake_sessions(tx, expert_id, now)
        self.give_back(held)
        return account
