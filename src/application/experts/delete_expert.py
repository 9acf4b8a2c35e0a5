"""Disconnect all of an expert's accounts and erase the expert."""

from dataclasses import dataclass

from application.give_back_grants import GiveBackGrants
from application.notifications.end_subscriptions import EndSubscriptions
from application.ports.clock import Clock
from application.ports.store import Store
from domain.account import Account
from domain.audit import Act, AuditAction
from domain.change import ChangeType, change_of_expert
from domain.ids import ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedExpert:
    """The accounts that were connected, to show the person where to remove the access for good; and the name under
    which the audit log keeps that the expert was erased, which nothing else leads to."""

    accounts: tuple[Account, ...]
    audit_subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteExpert:
    store: Store
    clock: Clock
    end_subscriptions: EndSubscriptions
    give_back: GiveBackGrants

    async def __call__(self, expert_id: ExpertId) -> ErasedExpert:
        """A write under way may still reach the provider; what it reports afterwards finds no row and is dropped.

        Raises ExpertNotFound.
        """
        async with self.store.transaction() as tx:
            await tx.experts.get(expert_id)
            known = await tx.accounts.of_expert(expert_id)
            subscriptions = [
                one.ended(account.identity.provider)
                for account in known
                for one in await tx.subscriptions.of_account(account.account_id)
            ]
        # Before the grants are gone.
        await self.end_subscriptions(subscriptions)
        async with self.store.transaction() as tx:
            await tx.experts.lock(expert_id)
            accounts = await tx.accounts.of_expert(expert_id)
            subject, now = await tx.audit.subject_of(expert_id), self.clock.now()
            held = await self.give_back.held(tx, accounts)
            # Before the removal, after which the log knows nobody of this id.
            await tx.audit.add(Act(action=AuditAction.EXPERT_ERASED, at=now, expert_id=expert_id))
            await tx.experts.remove(expert_id)
            # After the removal, which takes every change of the expert's along.
            await tx.changes.add(change_of_expert(ChangeType.EXPERT_ERASED, expert_id, at=now))
        self.give_back(held)
        return ErasedExpert(accounts=accounts, audit_subject=subject)
