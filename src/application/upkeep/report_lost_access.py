"""Somebody found that an account's access is gone: one incident, however many find it."""

from dataclasses import dataclass, replace

from application.blame import FindBlame
from application.ports.clock import Clock
from application.ports.id_source import IdSource
from application.ports.store import Store
from application.provider_faults import ProviderFault
from application.upkeep.weigh_refusal import WeighRefusal
from domain.access import AccessDoubted, AccessLost
from domain.account import Account, AccountNotFound
from domain.audit import AuditAction, act_on_account
from domain.change import ChangeType, change_of_account, change_of_incident
from domain.incident import Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLostAccess:
    store: Store
    clock: Clock
    ids: IdSource
    blame: FindBlame
    weigh: WeighRefusal

    async def __call__(self, refused: AccessLost | AccessDoubted) -> ProviderFault:
        """The fault as what it turned out to be. Where access is lost, moves the account to RECONNECT_REQUIRED and has
        the expert mailed.

        Evidence from before the newest sign-in says nothing any more, and an account that is lost already is not lost
        again: both change nothing. Nor does a loss that is not the account's own.
        """
        fault = await self.weigh(refused) if isinstance(refused, AccessDoubted) else refused
        return await self._report(fault) if isinstance(fault, AccessLost) else fault

    async def _report(self, lost: AccessLost) -> ProviderFault:
        account = await self._lost_now(lost)
        if account is None:
            return lost
        fault = await self.blame(lost, account)
        if fault is None:
            await self._record(lost)
        return fault or lost

    async def _lost_now(self, lost: AccessLost) -> Account | None:
        async with self.store.transaction() as tx:
            try:
                account = await tx.accounts.get(lost.account_id)
            except AccountNotFound:
                return None
        return account if _is_news(lost, account) else None

    async def _record(self, lost: AccessLost) -> None:
        async with self.store.transaction() as tx:
            try:
                account = await tx.accounts.lock(lost.account_id)
            except AccountNotFound:
                return
            if not _is_news(lost, account):
                return
            await tx.accounts.save(account.lost(lost.cause))
            now = self.clock.now()
            await tx.audit.add(act_on_account(AuditAction.CONSENT_LOST, account, at=now))
            incident = Incident(
                incident_id=self.ids.incident_id(),
                account_id=account.account_id,
                expert_id=account.expert_id,
                cause=lost.cause,
                token=self.ids.token(),
                opened_at=now,
                mail_due_at=now,
            )
            await tx.changes.add(change_of_account(ChangeType.ACCOUNT_RECONNECT_REQUIRED, account, at=now))
            if await tx.incidents.add(incident):
                await tx.changes.add(change_of_incident(ChangeType.INCIDENT_OPENED, incident, at=now))
                await tx.jobs.notify_expert(incident.incident_id)
            elif earlier := await tx.incidents.open_of(account.account_id):
                # Of a mailbox that was gone before: there is more to report now.
                await tx.incidents.save(replace(earlier.because(lost.cause), mail_due_at=now))
                await tx.changes.add(change_of_incident(ChangeType.INCIDENT_OPENED, earlier, at=now))
                await tx.jobs.notify_expert(earlier.incident_id)


def _is_news(lost: AccessLost, account: Account) -> bool:
    return account.active and account.grant_version == lost.grant_version
