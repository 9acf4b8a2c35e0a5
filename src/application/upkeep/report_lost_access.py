"""Somebody found that an account's access is gone: one incident, however many find it."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.id_source import IdSource
from application.ports.store import Store
from domain.access import AccessLost
from domain.account import AccountNotFound
from domain.change import ChangeType, change_of_account, change_of_incident
from domain.incident import Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLostAccess:
    store: Store
    clock: Clock
    ids: IdSource

    async def __call__(self, lost: AccessLost) -> None:
        """Moves the account to RECONNECT_REQUIRED and has the expert mailed.

        Evidence from before the newest sign-in says nothing any more, and an account that is lost already is not lost
        again: both change nothing.
        """
        async with self.store.transaction() as tx:
            try:
                account = await tx.accounts.lock(lost.account_id)
            except AccountNotFound:
                return
            if not account.active or account.grant_version != lost.grant_version:
                return
            await tx.accounts.save(account.lost())
            now = self.clock.now()
            incident = Incident(
                incident_id=self.ids.incident_id(),
                account_id=account.account_id,
                expert_id=account.expert_id,
                token=self.ids.token(),
                opened_at=now,
                mail_due_at=now,
            )
            await tx.changes.add(change_of_account(ChangeType.ACCOUNT_RECONNECT_REQUIRED, account, at=now))
            if await tx.incidents.add(incident):
                await tx.changes.add(change_of_incident(ChangeType.INCIDENT_OPENED, incident, at=now))
                await tx.jobs.notify_expert(incident.incident_id)
