"""Add an expert, or change what is known of them."""

from collections.abc import Collection
from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.store import Store, Transaction
from domain.change import ChangeType, change_of_expert
from domain.expert import CHANGEABLE, Expert, ExpertNotFound, Plan
from domain.ids import ExpertId
from domain.zone import zone_named


@dataclass(frozen=True, slots=True, kw_only=True)
class PutExpert:
    store: Store
    clock: Clock

    async def __call__(
        self,
        *,
        expert_id: ExpertId,
        plan: Plan,
        email: str,
        display_name: str,
        time_zone: str,
        locale: str = "",
        taken: Collection[str] = CHANGEABLE,
    ) -> Expert:
        """The expert as stored. Of one who is there already, only what is `taken` changes. Raises TimeZoneUnknown."""
        now = self.clock.now()
        expert = Expert(
            expert_id=expert_id,
            plan=plan,
            email=email,
            display_name=display_name,
            time_zone=zone_named(time_zone),
            locale=locale,
            created_at=now,
            updated_at=now,
        )
        async with self.store.transaction() as tx:
            known = await self._known(tx, expert_id)
            if known is not None:
                expert = known.taking(taken, expert)
                if known == expert:
                    return known
            await tx.experts.put(expert)
            await tx.changes.add(change_of_expert(ChangeType.EXPERT_CHANGED, expert_id, at=now))
            if known is not None and known.email != expert.email:
                await self._mail_again(tx, expert_id)
        return expert

    async def _mail_again(self, tx: Transaction, expert_id: ExpertId) -> None:
        """What the former address did not take may reach the new one."""
        for account in await tx.accounts.of_expert(expert_id):
            incident = await tx.incidents.open_of(account.account_id)
            if incident is None:
                continue
            due = incident.address_changed(self.clock.now())
            if due != incident:
                await tx.incidents.save(due)
                await tx.jobs.notify_expert(due.incident_id)

    async def _known(self, tx: Transaction, expert_id: ExpertId) -> Expert | None:
        try:
            return await tx.experts.lock(expert_id)
        except ExpertNotFound:
            return None
